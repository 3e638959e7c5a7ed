namespace Llama.Server.Responses;

/// <summary>Stands for an item of a stored response until that is looked up; never sent.</summary>
internal sealed record ItemReference(string Id) : ResponseItem(Id, StatusName.Completed)
{
    public override int Length => 0;
}
