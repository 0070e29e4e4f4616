namespace NotificationBus.Channels.Push;

/// <summary>
/// Tells a token that is wrong from an account that is: when all tokens are called wrong, the tokens are not. The newest answers of one
/// host count.
/// </summary>
sealed class WrongShare
{
    const int Newest = 200;
    const int Enough = 20;
    const double MostWrong = 0.05;

    readonly Lock _lock = new();
    readonly Queue<bool> _answers = new();
    int _wrong;

    /// <summary>True when more tokens were called wrong than can be, however few answers there are.</summary>
    public bool IsMostlyWrong
    {
        get
        {
            lock (_lock)
                return _wrong > _answers.Count * MostWrong;
        }
    }

    /// <summary>Notes that a token was taken.</summary>
    public void Right() => Note(isWrong: false);

    /// <summary>
    /// Notes that a token was called wrong. True when the account is to blame, false when the token is, null when too little is known to
    /// tell.
    /// </summary>
    public bool? Wrong() => Note(isWrong: true);

    bool? Note(bool isWrong)
    {
        lock (_lock)
        {
            _answers.Enqueue(isWrong);
            _wrong += isWrong ? 1 : 0;
            if (_answers.Count > Newest && _answers.Dequeue())
                _wrong--;

            return _answers.Count < Enough ? null : _wrong > _answers.Count * MostWrong;
        }
    }
}
