namespace Llama.Model.Checkpoints;

/// <summary>Opens the files of one checkpoint together: all that is wrong with them is told at once, and then none stays open.</summary>
internal static class TensorFiles
{
    /// <summary>Opens those that can be.</summary>
    /// <param name="names">Of the files.</param>
    /// <param name="open">Opens one of them.</param>
    /// <param name="faults">Where it goes what is wrong with the others.</param>
    public static List<T> OpenEach<T>(IEnumerable<string> names, Func<string, T> open, List<string> faults) where T : TensorFile
    {
        var files = new List<T>();
        foreach (string name in names)
        {
            try
            {
                files.Add(open(name));
            }
            catch (CheckpointException e)
            {
                faults.Add(e.Message);
            }
        }
        return files;
    }

    /// <summary>The files if nothing is wrong; else closes them.</summary>
    /// <exception cref="CheckpointException">With the faults.</exception>
    public static List<T> OrThrow<T>(this List<T> files, string source, List<string> faults) where T : TensorFile
    {
        if (faults.Count == 0) return files;
        files.ForEach(file => file.Dispose());
        throw new CheckpointException(source, faults);
    }
}
