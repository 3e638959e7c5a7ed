namespace Llama.Model.Offload;

/// <summary>The weights of a unit wherever they are: always in the same memory, or where its stream has them at the moment.</summary>
/// <param name="make">Makes them for a place as <see cref="WeightStream.Use"/> tells it.</param>
internal sealed class UnitViews<T>(Func<int, T> make) where T : class
{
    private readonly T?[] _views = new T?[1 + WeightStream.PlaceCount]; // the first where they always are

    /// <summary>Those in a place.</summary>
    public T In(int place) => _views[1 + place] ??= make(place);
}
