using NotificationBus.Host;

return await NotificationHost.Run(args, Console.Out, Console.Error);
