namespace NotificationBus.Benchmarks.Measures;

/// <summary>Values in order.</summary>
static class Quantile
{
    /// <summary>The middle value, or the mean of the two in the middle.</summary>
    public static double Median(IEnumerable<double> values)
    {
        var ordered = values.Order().ToArray();
        return (ordered[(ordered.Length - 1) / 2] + ordered[ordered.Length / 2]) / 2;
    }

    /// <summary>The value that so many per cent do not exceed.</summary>
    /// <param name="ordered">At least one, smallest first.</param>
    /// <param name="percent">More than 0 and at most 100.</param>
    public static double At(IReadOnlyList<double> ordered, double percent) => ordered[(int)Math.Ceiling(percent / 100 * ordered.Count) - 1];
}
