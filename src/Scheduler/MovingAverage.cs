namespace Llama.Scheduling;

/// <summary>An exponentially weighted moving average: one writer, any readers.</summary>
internal sealed class MovingAverage
{
    private const double Weight = 0.05; // about the last 20 values count

    private double _value;
    private bool _hasValue;

    /// <summary>0 before the first value.</summary>
    public double Value => Volatile.Read(ref _value);

    public void Add(double value)
    {
        Volatile.Write(ref _value, _hasValue ? _value + (Weight * (value - _value)) : value);
        _hasValue = true;
    }
}
