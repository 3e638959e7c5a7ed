namespace Llama.Model.Text.Jinja;

/// <summary>What a loop or set assigns to: one name, several, or a member of a namespace.</summary>
internal sealed record Target(IReadOnlyList<string> Names, string? Member = null)
{
    public static Target Read(TokenReader tokens)
    {
        bool isParenthesized = tokens.TryTakeOperator("(");
        var names = new List<string> { tokens.ExpectName() };
        if (tokens.TryTakeOperator(".")) return new Target(names, tokens.ExpectName());
        while (tokens.TryTakeOperator(",")) names.Add(tokens.ExpectName());
        if (isParenthesized) tokens.ExpectOperator(")");
        return new Target(names);
    }

    public void Assign(Scope scope, object? value)
    {
        if (Member is not null) AssignMember(scope, value);
        else if (Names.Count == 1) scope.Set(Names[0], value);
        else AssignEach(scope, [.. Values.Iterate(value)]);
    }

    private void AssignMember(Scope scope, object? value)
    {
        if (scope.Get(Names[0]) is not Namespace space) throw new TemplateException($"the chat template sets a member of '{Names[0]}', which is not a namespace");
        space.Members[Member!] = value;
    }

    private void AssignEach(Scope scope, object?[] values)
    {
        if (values.Length != Names.Count) throw new TemplateException($"the chat template unpacks {values.Length} values into {Names.Count} names");
        for (int i = 0; i < values.Length; i++) scope.Set(Names[i], values[i]);
    }
}
