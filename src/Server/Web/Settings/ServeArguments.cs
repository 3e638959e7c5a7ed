namespace Llama.Server.Web.Settings;

/// <summary>The command line of a program that serves. The framework takes every name and passes over words that it cannot read; here each of them is a fault, to be told with all others.</summary>
internal sealed class ServeArguments
{
    private readonly SettingNames _names;
    private readonly List<string> _settings = [], _faults = [];

    /// <param name="args">The command line.</param>
    /// <param name="names">What its settings may begin with.</param>
    public ServeArguments(string[] args, SettingNames names)
    {
        _names = names;
        for (int i = 0; i < args.Length; i++)
        {
            bool hasValue = args[i].Contains('='), takesNext = !hasValue && i + 1 < args.Length && !args[i + 1].StartsWith("--", StringComparison.Ordinal);
            if (!args[i].StartsWith('-'))
                _faults.Add(Unknown(args[i]));
            else
                Take(takesNext ? $"{args[i]}={args[++i]}" : args[i], hasValue || takesNext);
        }
    }

    /// <summary>What the host is to read, each as <c>--Section:Key=value</c>.</summary>
    public string[] Settings => [.. _settings];

    /// <summary>All that means nothing.</summary>
    public string[] Faults => [.. _faults];

    private void Take(string setting, bool hasValue)
    {
        string option = setting.Split('=')[0];
        if (!option.StartsWith("--", StringComparison.Ordinal) || !_names.IsKnown(option[2..]) || (_names.IsSection(option[2..]) && !setting.EndsWith('='))) // an empty section says nothing
            _faults.Add(Unknown(option));
        else if (!hasValue)
            _faults.Add($"{option} has no value; write {option}=….");
        else
            _settings.Add(setting);
    }

    private string Unknown(string word) => _names.Meant(word.Split('=')[0]) is { } meant
        ? $"'{word}' is not a setting; did you mean --{meant}=…? --help lists them all."
        : $"'{word}' is not a setting; they go as --Section:Key=value, with one of the sections {_names.Sections}. --help lists them all.";
}
