using System.Net;
using NotificationBus.Contracts;

namespace NotificationBus.Benchmarks.Load;

/// <summary>
/// What the contenders that are written here send: the words of the templates of NotificationBus, put together by the compiler.
/// </summary>
static class Texts
{
    public static string Email(OrderPlaced order) =>
        $"""
            New order {order.OrderId}: {order.Product}

            Hello {order.Seller.Name},

            Good news: {order.Buyer.Name} has just ordered {order.Product} from you.

            Order:   {order.OrderId}
            Product: {order.Product}
            Total:   {order.Total.Amount} {order.Total.Currency}

            Please get it ready to ship. Your buyer is looking forward to it.

            <!doctype html><html lang="en"><body><h1>You have a new order</h1>
            <p>Hello {WebUtility.HtmlEncode(order.Seller.Name)},</p>
            <p>Good news: {WebUtility.HtmlEncode(order.Buyer.Name)} has just ordered from you.</p>
            <table><tr><td>Order</td><td>{WebUtility.HtmlEncode(order.OrderId)}</td></tr>
            <tr><td>Product</td><td>{WebUtility.HtmlEncode(order.Product)}</td></tr>
            <tr><td>Total</td><td>{order.Total.Amount} {order.Total.Currency}</td></tr></table>
            <p>Please get it ready to ship. Your buyer is looking forward to it.</p></body></html>
            """;

    public static string Push(OrderPlaced order) =>
        $"New order {order.OrderId}\n{order.Buyer.Name} ordered {order.Product} for {order.Total.Amount} "
        + $"{order.Total.Currency}. Time to pack!";
}
