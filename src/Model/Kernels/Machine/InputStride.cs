namespace Llama.Model.Kernels.Machine;

/// <summary>How far apart packed input rows lie.</summary>
internal static class InputStride
{
    private const int Register = 64, Page = 4096;

    /// <summary>Whole registers, and no multiple of a page, lest all rows of a tile meet in one set of the first cache.</summary>
    public static int Of(int bytes)
    {
        int whole = (bytes + Register - 1) / Register * Register;
        return whole % Page == 0 ? whole + Register : whole;
    }
}
