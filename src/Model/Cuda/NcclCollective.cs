using Llama.Model.Cuda.Native;
using Llama.Model.Kernels;
using Llama.Model.Parallel;

namespace Llama.Model.Cuda;

/// <summary>
/// Sums and gathers from GPU to GPU by NCCL, enqueued on the device's stream. Two devices add a pair in either order alike; with more the order is NCCL's and depends on the size of a step, so
/// deterministic mode goes another way then.
/// </summary>
/// <param name="group">Stays the caller's.</param>
/// <param name="device">Which of the group this is.</param>
/// <param name="stream">Its stream.</param>
/// <param name="columns">[devices] columns of each one's part of what is gathered.</param>
/// <param name="failure">What another device failed with; null as long as none did.</param>
internal sealed unsafe class NcclCollective(NcclGroup group, int device, CudaStream stream, IReadOnlyList<int> columns, Func<Exception?> failure) : ICollective
{
    public void Sum(Matrix matrix)
    {
        Begin();
        try
        {
            nint data = Address(matrix, row: 0, column: 0);
            Check(group.Api.AllReduce(data, data, (nuint)matrix.Rows * (nuint)matrix.Columns, NcclDataType.Float32, NcclOperation.Sum, group[device], stream.Handle), "ncclAllReduce");
        }
        finally
        {
            group.End();
        }
    }

    public void Gather(Matrix part, Matrix? whole)
    {
        Begin();
        try
        {
            Exchange(part, whole);
        }
        finally
        {
            group.End();
        }
        for (int row = 0; whole is not null && row < part.Rows; row++)
            stream.Driver.CopyAsync(Address(whole, row, 0), Address(part, row, 0), (long)part.Columns * sizeof(float), stream.Handle);
    }

    public void Dispose() { }

    private void Exchange(Matrix part, Matrix? whole)
    {
        Check(group.Api.GroupStart(), "ncclGroupStart");
        for (int row = 0; row < part.Rows; row++)
        {
            if (whole is null) Check(group.Api.Send(Address(part, row, 0), (nuint)part.Columns, NcclDataType.Float32, 0, group[device], stream.Handle), "ncclSend");
            else ReceiveRow(row, whole);
        }
        Check(group.Api.GroupEnd(), "ncclGroupEnd");
    }

    private void ReceiveRow(int row, Matrix whole)
    {
        for (int other = 1, column = columns[0]; other < group.Count; column += columns[other++])
            Check(group.Api.Receive(Address(whole, row, column), (nuint)columns[other], NcclDataType.Float32, other, group[device], stream.Handle), "ncclRecv");
    }

    private void Begin()
    {
        if (failure() is { } cause) throw new PeerFailedException(cause);
        if (!group.TryBegin()) throw new PeerFailedException(failure() ?? new CudaException("NCCL's connections were given up after a failure"));
    }

    private void Check(int result, string call) => group.Check(result, call);

    private static nint Address(Matrix matrix, int row, int column) => (nint)(matrix.Floats + (long)row * matrix.Columns + column);
}
