namespace Llama.Model.Cuda.Native;

/// <summary><c>ncclDataType_t</c>, as far as it is used.</summary>
internal enum NcclDataType
{
    Float32 = 7,
}

/// <summary><c>ncclRedOp_t</c>, as far as it is used.</summary>
internal enum NcclOperation
{
    Sum = 0,
}
