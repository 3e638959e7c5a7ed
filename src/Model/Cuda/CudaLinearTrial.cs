using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Cuda;

/// <summary>Memory and events to time products with, for as long as they are timed.</summary>
internal sealed unsafe class CudaLinearTrial : IDisposable
{
    private readonly CudaStream _stream;
    private readonly nint _input, _output, _start, _end;

    /// <summary>For products with any of these weights, of up to <see cref="CudaLinearSwitch.MostRows"/> rows.</summary>
    public CudaLinearTrial(CudaStream stream, IReadOnlyList<Weight> weights)
    {
        _stream = stream;
        long rowBytes = CudaLinearSwitch.MostRows * (weights.Any(weight => CudaLinearFormat.Of(weight).Bits == 32) ? 4L : 2L), inputBytes = rowBytes * weights.Max(weight => weight.Inputs);
        _input = stream.Driver.Allocate(inputBytes);
        _output = stream.Driver.Allocate(rowBytes * weights.Max(weight => weight.Outputs));
        stream.Driver.FillAsync(_input, 0, inputBytes, stream.Handle);
        (_start, _end) = (stream.Driver.CreateEvent(), stream.Driver.CreateEvent());
    }

    /// <summary>Milliseconds on the device.</summary>
    public float Time(int rows, Weight weight, Action<Matrix, Projection> multiply)
    {
        ScalarType dtype = CudaLinearFormat.Of(weight).Bits == 32 ? ScalarType.Float32 : ScalarType.BFloat16;
        using Matrix input = new((void*)_input, rows, weight.Inputs, dtype, isOnHost: false, free: null), output = new((void*)_output, rows, weight.Outputs, dtype, isOnHost: false, free: null);
        _stream.Driver.Record(_start, _stream.Handle);
        multiply(input, new Projection(weight, output));
        _stream.Driver.Record(_end, _stream.Handle);
        _stream.Driver.WaitFor(_end);
        return _stream.Driver.MillisecondsBetween(_start, _end);
    }

    public void Dispose()
    {
        _stream.SynchronizeOrLose(); // lest what a trial fails with is not heard of
        _stream.Driver.Free(_input);
        _stream.Driver.Free(_output);
        _stream.Driver.DestroyEvent(_start);
        _stream.Driver.DestroyEvent(_end);
    }
}
