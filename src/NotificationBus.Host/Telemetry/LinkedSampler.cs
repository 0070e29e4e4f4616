using System.Diagnostics;
using OpenTelemetry.Trace;

namespace NotificationBus.Host.Telemetry;

/// <summary>Records what begins a trace of its own and is linked to one that is recorded; another sampler decides about the rest.</summary>
/// <param name="others">That sampler.</param>
sealed class LinkedSampler(Sampler others) : Sampler
{
    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters)
    {
        foreach (var link in samplingParameters.Links ?? [])
        {
            if (link.Context.TraceFlags.HasFlag(ActivityTraceFlags.Recorded))
                return new SamplingResult(SamplingDecision.RecordAndSample);
        }

        return others.ShouldSample(samplingParameters);
    }
}
