namespace Llama.Model.Kernels.Machine;

/// <summary>
/// How a tile of few rows goes through its weights. Its outputs are weight rows far apart, and the next tile's are the rows behind them: so each output reads one long stream, which the processor
/// fetches ahead by itself. Of neighbouring rows several would lie in one page, of which it follows only one.
/// </summary>
/// <param name="Distance">Weight rows from one output of a tile to the next.</param>
/// <param name="TilesAhead">How many tiles ahead weights are fetched by instructions, where several strips of rows meet the same weights and memory would rest meanwhile.</param>
/// <param name="FirstAhead">The first output whose weights are.</param>
/// <param name="EndAhead">The end of them; equal where none are.</param>
internal readonly record struct WeightStreams(int Distance, int TilesAhead = 0, int FirstAhead = 0, int EndAhead = 0);
