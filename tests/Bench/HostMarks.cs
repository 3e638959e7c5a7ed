using System.Diagnostics;

namespace Llama.Bench;

/// <summary>When the engine's thread passed which place of its turns. A part is what lies between two places that follow each other.</summary>
/// <param name="sequenceCount">Sequences of the steps that count.</param>
internal sealed class HostMarks(int sequenceCount)
{
    /// <summary>The place from which to the next one the thread waits.</summary>
    public const string Waiting = "wait";

    private const double LeastShown = 0.5; // µs

    private readonly List<Mark[]> _steps = [];
    private readonly List<Mark> _marks = []; // of the turn, from the end of the step before
    private bool _isCounted; // whether that step is one that counts

    /// <summary>A place is passed.</summary>
    public void Pass(string place) => _marks.Add(new Mark(place, Stopwatch.GetTimestamp()));

    /// <summary>A step is through; the next turn begins.</summary>
    /// <param name="sequences">Of that step.</param>
    public void End(int sequences)
    {
        Pass("end");
        if (_isCounted && sequences == sequenceCount) _steps.Add([.. _marks]);
        _isCounted = sequences == sequenceCount;
        Mark end = _marks[^1];
        _marks.Clear();
        _marks.Add(end);
    }

    /// <summary>Medians of the parts that take any time, and of all but the waiting, over the steps that pass the places that most pass. The first half is left out: the runtime still compiles.</summary>
    public void Print()
    {
        Mark[][] steps = [.. _steps.Skip(_steps.Count / 2).GroupBy(step => step.Length).MaxBy(alike => alike.Count())!];
        int[] parts = [.. Enumerable.Range(1, steps[0].Length - 1).Where(i => steps[0][i - 1].Place != Waiting)];
        foreach (int i in parts.Where(i => steps.Average(step => Microseconds(step, i)) >= LeastShown)) Print($"{steps[0][i - 1].Place} to {steps[0][i].Place}", steps.Select(step => Microseconds(step, i)));
        Print($"all, of {steps.Length} steps", steps.Select(step => parts.Sum(i => Microseconds(step, i))));
    }

    private static void Print(string part, IEnumerable<double> microseconds)
    {
        double[] sorted = [.. microseconds.Order()];
        Console.WriteLine($"{part,-32}{sorted[sorted.Length / 2],10:N1} µs{sorted[sorted.Length * 95 / 100],10:N1} (P95)");
    }

    private static double Microseconds(Mark[] step, int i) => Stopwatch.GetElapsedTime(step[i - 1].Time, step[i].Time).TotalMicroseconds;

    private readonly record struct Mark(string Place, long Time);
}
