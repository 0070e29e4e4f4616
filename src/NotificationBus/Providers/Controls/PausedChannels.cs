using NotificationBus.Model;
using NotificationBus.Status;

namespace NotificationBus.Providers.Controls;

/// <summary>Channels that operators have paused: what is to be sent on them waits, and expires when it waits too long.</summary>
sealed class PausedChannels(ControlBoard board, ChannelSet channels) : IProblemSource
{
    public Task<IReadOnlyList<Problem>> Find(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Problem>>([
            .. channels
                .All.Where(channel => board.Current.Channel(channel.Name).Paused)
                .Select(channel => new Problem
                {
                    Code = "channel-paused",
                    Where = channel.Name,
                    Detail = "an operator has paused it; GET /v1/changes says who and why",
                }),
        ]);
}
