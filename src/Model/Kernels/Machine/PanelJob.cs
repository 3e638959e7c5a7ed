namespace Llama.Model.Kernels.Machine;

/// <summary>What the threads of a product by panels share.</summary>
internal unsafe struct PanelJob
{
    public Product* Products;
    public Chunk* Chunks;
    public int ProductCount, ChunkCount, BlockOutputs;
    public bool IsOnTiles, HasUnits; // units are those of packed codes
    public RowInput Input;
    public UnitPacker Packer; // of weights that are not packed
    public CodeUnit Form; // of those that are packed codes
    public Strips Strips;
    public int FetchingStrips, RowsAhead; // the last so many strips fetch so many weight rows with each panel, all of a block in the end
    public byte** Panels; // [threads] room for the panels of a block

    /// <summary>Code for tiles of two units and of one.</summary>
    public struct Code
    {
        public nint Two, One;
    }

    /// <summary>A stretch of the inputs.</summary>
    public struct Chunk
    {
        public InputChunk Inputs;
        public Code Long, Short, LongFetching, ShortFetching; // for strips of either length, and for those of them that fetch the next block meanwhile

        /// <summary>Bytes of a unit.</summary>
        public readonly int UnitBytes => Inputs.PaddedInputs * UnitPacker.BytesPerInput;

        /// <summary>The code for a strip.</summary>
        public readonly Code Of(bool isLong, bool fetches) => (isLong, fetches) switch
        {
            (true, true) => LongFetching,
            (false, true) => ShortFetching,
            (true, false) => Long,
            (false, false) => Short,
        };
    }
}
