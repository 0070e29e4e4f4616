using NotificationBus.Templates;

namespace NotificationBus.Tests.Templates;

public sealed class When_a_template_reaches_for_more : IDisposable
{
    readonly TemplateFolder _folder = new();

    [Theory]
    [InlineData("{{product.Length}}", "product.Length")]
    [InlineData("{{product.GetType}}", "product.GetType")]
    [InlineData("{{product.GetType.Assembly}}", "product.GetType.Assembly")]
    [InlineData("{{product.[Length]}}", "product.Length")]
    [InlineData("{{lines.Count}}", "lines.Count")]
    [InlineData("{{lookup product 'Length'}}", "product.Length")]
    [InlineData("{{@root.Names}}", "Names")]
    [InlineData("{{../product}}", "..")]
    [InlineData("{{env.PATH}}", "env.PATH")]
    public void Should_find_nothing_but_the_variables(string body, string variable) =>
        Should.Throw<TemplateException>(() => _folder.Body(body).Fill("""{ "product": "scarf", "lines": [1] }"""))
            .Message.ShouldBe($"test/push.en: '{variable}' is missing");

    [Theory]
    [InlineData("{{label.Length}}")]
    [InlineData("{{number.Length}}")]
    public void Should_find_nothing_in_the_parameters_of_a_partial(string partial) =>
        Should.Throw<TemplateException>(() => _folder.Write("_layout/line.hbs", partial).Html("{{> line label='abc' number=(money total)}}")
                .FillEmail("""{ "title": "t", "total": { "amount": 1, "currency": "THB" } }"""))
            .Message.ShouldBe("test/email.en: 'Length' is missing");

    [Theory]
    [InlineData("{{> ../../appsettings.json}}")]
    [InlineData("{{> /etc/passwd}}")]
    [InlineData("{{> https://example.com/x}}")]
    [InlineData("{{> secret}}")]
    [InlineData("{{> (lookup . 'product')}}")]
    [InlineData("{{#> secret}}fallback{{/secret}}")]
    public void Should_include_nothing_but_the_layout_folder(string body)
    {
        _folder.Write("secret.txt", "secret").Write("partials/secret.txt", "secret");
        Should.Throw<TemplateException>(() => _folder.Body(body).Load()).Message.ShouldContain("push.en.hbs:4: there is no partial '");
    }

    [Theory]
    [InlineData("{{shout product}}", "shout")]
    [InlineData("{{#if (shout product)}}x{{/if}}", "shout")]
    [InlineData("{{money total THB=(shout product)}}", "shout")]
    [InlineData("{{#shout product}}x{{/shout}}", "shout")]
    [InlineData("{{#product}}x{{/product}}", "product")]
    [InlineData("{{log product}}", "log")]
    public void Should_have_no_other_helpers(string body, string helper) =>
        Should.Throw<TemplateException>(() => _folder.Body($"first line\n{body}").Load()).Message
            .ShouldBe($"{Path.Combine(_folder.Path, "test", "push.en.hbs")}:5: there is no helper '{helper}'");

    [Fact]
    public void Should_not_declare_partials_of_its_own() =>
        Should.Throw<TemplateException>(() => _folder.Body("{{#*inline 'x'}}y{{/inline}}").Load()).Message.ShouldContain("not offered");

    [Fact]
    public void Should_not_write_without_end()
    {
        var lines = string.Join(',', Enumerable.Repeat($"\"{new string('x', 1000)}\"", 1100));
        Should.Throw<TemplateException>(() => _folder.Body("{{#each lines}}{{this}}{{/each}}").Fill($$"""{ "lines": [{{lines}}] }"""))
            .Message.ShouldBe("test/push.en: the text is longer than 1048576 characters");
    }

    [Fact]
    public void Should_not_loop_without_end()
    {
        var lines = string.Join(',', Enumerable.Repeat(1, 101));
        Should.Throw<TemplateException>(() => _folder
                .Body("{{#each lines}}{{#each ../lines}}{{/each}}{{/each}}")
                .Fill($$"""{ "lines": [{{lines}}] }"""))
            .Message.ShouldBe("test/push.en: loops of more than 10000 rounds");
    }

    [Fact]
    public void Should_not_include_itself_without_end() =>
        Should.Throw<TemplateException>(() => _folder.Write("_layout/loop.hbs", "{{> loop}}").Html("{{> loop}}").FillEmail("""{ "title": "t" }"""))
            .Message.ShouldContain("recursion depth");

    public void Dispose() => _folder.Dispose();
}
