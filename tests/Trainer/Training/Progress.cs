namespace Llama.Trainer.Training;

/// <summary>Loss and speed since the last line of the log.</summary>
internal sealed class Progress
{
    private double _lossSum;
    private long _tokens, _steps;
    private TimeSpan _since;

    public void Add(int tokens, double loss)
    {
        _tokens += tokens;
        _lossSum += loss;
        _steps++;
    }

    public void Log(int step, double done, TimeSpan elapsed)
    {
        double remaining = done > 0 ? elapsed.TotalMinutes * (1 - done) / done : 0;
        Console.WriteLine($"step {step}  {done:P0}  loss {_lossSum / _steps:F3}  {_tokens / (elapsed - _since).TotalSeconds:F0} tokens/s  {elapsed.TotalMinutes:F1} min, {remaining:F0} min left");
        (_lossSum, _tokens, _steps, _since) = (0, 0, 0, elapsed);
    }
}
