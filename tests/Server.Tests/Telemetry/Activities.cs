namespace Llama.Server.Tests.Telemetry;

/// <summary>Tests that listen to activities, or tell whether any are made, take turns: who listens to those of one test has others' made.</summary>
[CollectionDefinition(nameof(Activities))]
public sealed class Activities;
