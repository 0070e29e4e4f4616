using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace NotificationBus.Providers;

/// <summary>Binds <c>Providers:{account}</c> to the options of its provider.</summary>
sealed class BindAccount<TOptions>(IConfiguration configuration) : IConfigureNamedOptions<TOptions>
    where TOptions : class
{
    public void Configure(TOptions options) => Configure(Options.DefaultName, options);

    public void Configure(string? name, TOptions options) => configuration.GetSection($"Providers:{name}").Bind(options);
}

/// <summary>Validates an account by the data annotations of its options and names the key that is wrong, never its value.</summary>
sealed class ValidateAccount<TOptions> : IValidateOptions<TOptions>
    where TOptions : class
{
    public ValidateOptionsResult Validate(string? name, TOptions options)
    {
        var results = new List<ValidationResult>();
        if (Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true))
            return ValidateOptionsResult.Success;

        return ValidateOptionsResult.Fail(
            results.Select(result => $"Providers:{name}:{string.Join(", ", result.MemberNames)}: {result.ErrorMessage}")
        );
    }
}
