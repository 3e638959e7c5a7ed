namespace Llama.Model.Kernels.Machine;

/// <summary>What the threads of a product by panels share.</summary>
internal unsafe struct PanelJob
{
    public Product* Products;
    public Chunk* Chunks;
    public int ProductCount, ChunkCount;
    public RowInput Input;
    public PackShape Pack;
    public Strips Strips;
    public int FetchingStrips, RowsAhead; // the last so many strips fetch so many weight rows with each panel, all of a block in the end
    public Code PackRounds, PackRest; // whole rounds of a chunk, and what is left of it
    public byte** Panels; // [threads] room for the panels of a block

    /// <summary>Code for panels of two registers and of one.</summary>
    public struct Code
    {
        public nint Two, One;
    }

    /// <summary>A stretch of the inputs.</summary>
    public struct Chunk
    {
        public int Start, Inputs, PaddedInputs;
        public Code Long, Short, LongFetching, ShortFetching; // for strips of either length, and for those of them that fetch the next block meanwhile

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
