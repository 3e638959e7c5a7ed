using Llama.Server.Bench.Measuring;

namespace Llama.Server.Bench.Compare;

/// <summary>
/// Runs a <see cref="ComparePlan"/>: every mode in a process of its own, one after the other, and so in each round, every other round backwards, so that a machine that grows slower or faster does
/// so for all alike.
/// </summary>
internal sealed class CompareBench
{
    private readonly ComparePlan _plan;
    private readonly CompareSubject _subject;
    private readonly ComparedMode[] _modes;
    private readonly Dictionary<ComparedMode, ModeMeasurement> _measured = [];
    private readonly Dictionary<ComparedMode, string> _failures = [];
    private ComparedMode? _reference;

    private CompareBench(ComparePlan plan, CompareSubject subject)
    {
        (_plan, _subject) = (plan, subject);
        _modes = [.. plan.Modes.Distinct().Select(name => ComparedModes.All.Single(mode => mode.Name == name))];
    }

    /// <exception cref="CommandLine.VerbException">The settings are wrong, or the prompt does not fit the model.</exception>
    public static async Task<CompareReport> RunAsync(ComparePlan plan, Progress progress, CancellationToken cancellation)
    {
        CompareBench bench = new(plan, CompareSubject.Find(plan));
        try
        {
            for (int round = 0; round < plan.Rounds; round++) await bench.RoundAsync(round, progress, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // What there is will be reported.
        }
        finally
        {
            progress.End();
        }
        return bench.Report(cancellation.IsCancellationRequested);
    }

    private async Task RoundAsync(int round, Progress progress, CancellationToken cancellation)
    {
        int runs = (_plan.Runs + _plan.Rounds - 1 - round) / _plan.Rounds;
        ComparedMode[] order = round % 2 == 0 ? _modes : [.. _modes.Reverse()];
        foreach (ComparedMode mode in order.Where(mode => !_failures.ContainsKey(mode)))
        {
            progress.Begin($"{mode.Name} ({round * _modes.Length + Array.IndexOf(order, mode) + 1} of {_plan.Rounds * _modes.Length})", runs);
            await RunAsync(mode, runs, progress.Step, cancellation);
        }
    }

    private async Task RunAsync(ComparedMode mode, int runs, Action runDone, CancellationToken cancellation)
    {
        ModeWork work = new(_subject.PromptIds, _plan.NewTokens, _plan.WarmUp, runs, mode.ResidentShare, _reference is null ? null : _measured[_reference].NewIds);
        (ModeMeasurement? now, string? failure) = await ModeProcess.RunAsync([.. _subject.SharedSettings, .. Settings(mode)], work, runDone, cancellation);
        if (now is null) _failures[mode] = failure!;
        else
        {
            _reference ??= mode;
            _measured[mode] = _measured.TryGetValue(mode, out ModeMeasurement? before) ? before.With(now) : now;
        }
    }

    private string[] Settings(ComparedMode mode) => [.. mode.Settings, $"--Model:Device={_subject.Devices(mode.DeviceCount)}"];

    private CompareReport Report(bool isInterrupted) => new()
    {
        Settings = _plan,
        Model = _subject.Name,
        Shape = _subject.Shape,
        PromptTokens = _subject.PromptIds.Length,
        Reference = _reference?.Name,
        Rows = [.. _modes.Select(mode => Row(mode, isInterrupted))],
    };

    private CompareRow Row(ComparedMode mode, bool isInterrupted)
    {
        if (!_measured.TryGetValue(mode, out ModeMeasurement? measured) || _failures.ContainsKey(mode))
            return CompareRow.Failed(mode, Settings(mode), _failures.GetValueOrDefault(mode) ?? (isInterrupted ? "interrupted before its turn" : "not run"));
        string[] settings = measured.MemoryLimit is { } limit ? [.. Settings(mode), $"--Model:MemoryLimit={limit}"] : Settings(mode);
        return CompareRow.Of(mode, settings, measured, _measured[_reference!]);
    }
}
