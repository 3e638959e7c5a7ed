namespace Llama.Model.Threads;

/// <summary>Starts threads, and says so where the system gives none.</summary>
public static class ThreadBeginning
{
    /// <summary>As <see cref="Thread.Start()"/>, which says that memory is short where it is threads.</summary>
    /// <exception cref="InsufficientMemoryException">The system gives no further thread.</exception>
    public static void Begin(this Thread thread) => Begin(thread.Start);

    /// <param name="start">What starts it.</param>
    internal static void Begin(Action start)
    {
        try
        {
            start();
        }
        catch (OutOfMemoryException exception)
        {
            throw new InsufficientMemoryException(
                "The system starts no further thread. Lower Model:Threads, or raise what bounds them: the limit on processes of the user (ulimit -u) or of the container (--pids-limit), or its memory.", exception);
        }
    }
}
