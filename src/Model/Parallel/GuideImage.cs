using System.Runtime.ExceptionServices;
using Llama.Model.Guidance;

namespace Llama.Model.Parallel;

/// <summary>What a guide allows at one moment, for another thread to read while the guide itself goes on.</summary>
internal sealed class GuideImage : ITokenGuide
{
    private ulong[] _allowed = [];
    private int _wordCount;
    private bool _mayEnd;
    private Exception? _fault;

    /// <summary>Takes it, or what the guide throws when it is asked.</summary>
    public void Take(ITokenGuide guide)
    {
        try
        {
            ReadOnlySpan<ulong> allowed = guide.Allowed;
            if (_allowed.Length < allowed.Length) _allowed = new ulong[allowed.Length];
            allowed.CopyTo(_allowed);
            (_wordCount, _mayEnd, _fault) = (allowed.Length, guide.MayEnd, null);
        }
        catch (Exception fault) // the fault of its row, told where that is drawn
        {
            _fault = fault;
        }
    }

    public ReadOnlySpan<ulong> Allowed
    {
        get
        {
            if (_fault is not null) ExceptionDispatchInfo.Throw(_fault);
            return _allowed.AsSpan(0, _wordCount);
        }
    }

    public bool MayEnd => _mayEnd;

    public bool IsComplete => false; // else nothing would be drawn

    public bool TryForce(out int token)
    {
        token = 0;
        return false;
    }

    public void Accept(int token) => throw new NotSupportedException("An image does not advance.");
}
