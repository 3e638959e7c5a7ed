
namespace Llama.Model.Tests.Cuda.Emulator;

/// <summary>A stream: what is enqueued waits until somebody waits for it, or chance has some of it done at once. A kernel's faults come up then, as those of a real device do.</summary>
internal sealed unsafe class EmulatedStream(EmulatedDriver driver)
{
    private readonly EmulatedWork _work = new();
    private int _done;

    /// <summary>The recording, while there is one.</summary>
    public EmulatedWork? Recording { get; set; }

    /// <summary>Where what is enqueued goes.</summary>
    public EmulatedWork Target => Recording ?? _work;

    /// <summary>Does some of what was enqueued.</summary>
    public void GoOn(int most)
    {
        for (; most > 0 && _done < _work.Count; most--) Do(_work[_done++]);
        if (_done == _work.Count)
        {
            _work.Clear();
            _done = 0;
        }
    }

    public void Finish() => GoOn(int.MaxValue);

    private void Do(EmulatedWork.Piece piece)
    {
        if (!piece.Overlaps) driver.Clock++; // a kernel that overlaps takes no time of its own
        if (piece.Kernel != null) driver.Run(piece.Kernel, piece.Shape, _work.Arguments(piece), piece.Overlaps, piece.Anew);
        else if (piece.Stream != null)
            while (piece.Event!.Passed < piece.Marks) piece.Stream.GoOn(1); // what it waits for was enqueued before it, so that nothing waits in a circle
        else if (piece.Event != null) (piece.Event.Passed, piece.Event.Reached) = (piece.Event.Passed + 1, driver.Clock);
        else if (piece.Source == 0) driver.Reach(piece.Target, piece.Bytes).Fill(piece.Value);
        else driver.Reach(piece.Source, piece.Bytes).CopyTo(driver.Reach(piece.Target, piece.Bytes));
    }
}
