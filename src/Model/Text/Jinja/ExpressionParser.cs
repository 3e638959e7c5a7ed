using System.Runtime.CompilerServices;

namespace Llama.Model.Text.Jinja;

/// <summary>
/// Parses expressions. Each method is one level of Jinja's precedence (jinja2/parser.py), loosest first: inline if, or, and, not, comparison, + -, ~, * / // %, **, sign,
/// and then the operand (<see cref="OperandParser"/>) with its filters (<see cref="FilterParser"/>).
/// </summary>
internal sealed class ExpressionParser
{
    private readonly TokenReader _tokens;
    private readonly OperandParser _operands;
    private readonly FilterParser _filters;

    public ExpressionParser(TokenReader tokens)
    {
        ArgumentParser arguments = new(tokens, this);
        _tokens = tokens;
        _operands = new OperandParser(tokens, this, arguments);
        _filters = new FilterParser(tokens, _operands, arguments);
    }

    /// <summary>The functions that expressions call, for a check once all macros are known.</summary>
    public IReadOnlyList<(string Name, Place Place)> CalledFunctions => _operands.CalledFunctions;

    /// <summary>The variables that expressions read, in the order of the template.</summary>
    public IReadOnlyList<(string Name, Place Place)> ReadNames => _operands.ReadNames;

    /// <summary>An expression, or several with commas between them, which make a tuple.</summary>
    public Expression ParseTuple()
    {
        Expression first = Parse();
        if (!_tokens.IsOperator(",")) return first;
        var items = new List<Expression> { first };
        while (_tokens.TryTakeOperator(",") && _tokens.Current.Type is not (TokenType.TagEnd or TokenType.OutputEnd)) items.Add(Parse());
        return new ListLiteral(items);
    }

    public Expression Parse()
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        Expression value = ParseOr();
        while (_tokens.TryTakeName("if"))
        {
            Expression condition = ParseOr();
            value = new Conditional(condition, value, _tokens.TryTakeName("else") ? Parse() : null);
        }
        return value;
    }

    public Expression ParseOr()
    {
        Expression left = ParseAnd();
        while (_tokens.TryTakeName("or")) left = new Logical(left, ParseAnd(), isAnd: false);
        return left;
    }

    private Expression ParseAnd()
    {
        Expression left = ParseNot();
        while (_tokens.TryTakeName("and")) left = new Logical(left, ParseNot(), isAnd: true);
        return left;
    }

    private Expression ParseNot()
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return _tokens.TryTakeName("not") ? new Not(ParseNot()) : ParseComparison();
    }

    private Expression ParseComparison()
    {
        Expression first = ParseSum();
        var rest = new List<(string, Expression)>();
        while (TakeComparison() is { } op) rest.Add((op, ParseSum()));
        return rest.Count == 0 ? first : new Comparison(first, rest);
    }

    private string? TakeComparison()
    {
        if (_tokens.Current is { Type: TokenType.Operator, Text: "==" or "!=" or "<" or "<=" or ">" or ">=" }) return _tokens.Take().Text;
        if (_tokens.TryTakeName("in")) return "in";
        if (!_tokens.IsName("not") || !_tokens.Peek.Is(TokenType.Name, "in")) return null;
        _tokens.Take();
        _tokens.Take();
        return "not in";
    }

    private Expression ParseSum() => ParseBinary(ParseConcatenation, "+", "-");

    private Expression ParseConcatenation() => ParseBinary(ParseProduct, "~");

    private Expression ParseProduct() => ParseBinary(ParsePower, "*", "/", "//", "%");

    private Expression ParsePower() => ParseBinary(() => ParseUnary(hasFilters: true), "**");

    private Expression ParseBinary(Func<Expression> parseOperand, params ReadOnlySpan<string> operators)
    {
        Expression left = parseOperand();
        while (_tokens.Current.Type == TokenType.Operator && operators.Contains(_tokens.Current.Text)) left = new Binary(left, _tokens.Take().Text, parseOperand());
        return left;
    }

    private Expression ParseUnary(bool hasFilters)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        bool isSigned = _tokens.IsOperator("-") || _tokens.IsOperator("+");
        Expression value = isSigned ? new Unary(op: _tokens.Take().Text, operand: ParseUnary(hasFilters: false)) : _operands.Parse();
        return hasFilters ? _filters.Parse(value) : value;
    }
}
