// One example of each event, as a service would post it. Each has an id of its own, so that a second click is a second event.

const buyer = { id: 'buyer-7', name: 'Nok', locale: 'en', email: 'nok@example.com', phone: '+66812345678', pushTokens: ['nok-phone'] };
const seller = { id: 'seller-42', name: 'Som', locale: 'th', email: 'som@example.com', phone: '+66898765432', pushTokens: ['som-phone'] };
const product = 'Blue ceramic bowl';
const total = { amount: 590, currency: 'THB' };

const number = () => String(1000 + crypto.getRandomValues(new Uint16Array(1))[0] % 9000);

export const examples = [
  { event: 'order-placed', says: 'An order was placed', about: () => ({ orderId: number(), product, total, buyer, seller }) },
  {
    event: 'order-shipped',
    says: 'An order was shipped',
    about: () => ({ orderId: number(), product, carrier: 'Kerry', trackingNumber: `TH${number()}`, buyer }),
  },
  { event: 'payment-reminder-due', says: 'A payment is due', about: () => ({ orderId: number(), product, total, buyer }) },
  {
    event: 'chat-message-sent',
    says: 'A chat message was sent',
    about: () => ({ conversationId: `c-${number()}`, text: 'Is it still there? I could come today.', product, buyer, seller }),
  },
  {
    event: 'notification-requested',
    says: 'An announcement',
    about: () => ({
      category: 'announcement',
      recipient: seller,
      data: { title: 'New opening hours', text: 'We are open on Sunday, from 10 to 4.' },
    }),
  },
];
