namespace Llama.Model;

/// <summary>The user's folder.</summary>
public static class HomeFolder
{
    /// <summary>Its path, whether it is there or not: the runtime otherwise gives an empty one for a folder that is not, from which paths begin in the working folder or at the root. <c>/</c> where nobody knows of one.</summary>
    public static string Path => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify);
}
