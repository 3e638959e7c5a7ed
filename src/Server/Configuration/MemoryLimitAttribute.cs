using System.ComponentModel.DataAnnotations;
using Llama.Model.Offload;

namespace Llama.Server.Configuration;

/// <summary>A size, or a list of sizes, as <c>Model:MemoryLimit</c> takes them; or nothing.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class MemoryLimitAttribute : ValidationAttribute
{
    protected override ValidationResult? IsValid(object? value, ValidationContext context) =>
        MemoryLimit.Fault(value as string) is { } fault ? new ValidationResult(fault) : ValidationResult.Success;
}
