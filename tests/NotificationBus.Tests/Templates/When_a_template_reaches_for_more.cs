using NotificationBus.Templates;

namespace NotificationBus.Tests.Templates;

public sealed class When_a_template_reaches_for_more : IDisposable
{
    readonly TemplateFolder _folder = new();

    [Theory]
    [InlineData("{{product.Length}}", "product.Length")]
    [InlineData("{{product.GetType}}", "product.GetType")]
    [InlineData("{{product.GetType.Assembly}}", "product.GetType.Assembly")]
    [InlineData("{{ product['Length'] }}", "product.Length")]
    [InlineData("{{lines.Count}}", "lines.Count")]
    [InlineData("{% assign name = 'Length' %}{{ product[name] }}", "product.Length")]
    [InlineData("{{ Model }}", "Model")]
    [InlineData("{{ this.product }}", "this.product")]
    [InlineData("{{env.PATH}}", "env.PATH")]
    public void Should_find_nothing_but_the_variables(string body, string variable) =>
        Should
            .Throw<TemplateException>(() => _folder.Body(body).Fill("""{ "product": "scarf", "lines": [1] }"""))
            .Message.ShouldBe($"test/push.en: '{variable}' is missing");

    [Theory]
    [InlineData("{{ label.Length }}", "label.Length")]
    [InlineData("{{ number.Length }}", "number.Length")]
    public void Should_find_nothing_in_the_parameters_of_a_partial(string partial, string variable) =>
        Should
            .Throw<TemplateException>(() =>
                _folder
                    .Write("_layout/line.liquid", partial)
                    .Html("{% assign sum = total | money %}{% render 'line', label: 'abc', number: sum %}")
                    .FillEmail("""{ "title": "t", "total": { "amount": 1, "currency": "THB" } }""")
            )
            .Message.ShouldBe($"test/email.en: '{variable}' is missing");

    [Theory]
    [InlineData("{% render '../../appsettings.json' %}")]
    [InlineData("{% render '/etc/passwd' %}")]
    [InlineData("{% render 'https://example.com/x' %}")]
    [InlineData("{% render 'secret' %}")]
    [InlineData("{% render '../secret.txt' %}")]
    [InlineData("{% if x %}{% render 'secret', name: product %}{% endif %}")]
    public void Should_include_nothing_but_the_layout_folder(string body)
    {
        _folder.Write("secret.txt", "secret").Write("partials/secret.txt", "secret");
        Should
            .Throw<TemplateException>(() => _folder.Body(body).Load())
            .Message.ShouldMatch(@"push\.en\.liquid:4:\d+: there is no partial '");
    }

    [Theory]
    [InlineData("{% include 'secret' %}", "include")]
    [InlineData("{% from 'secret' import x %}", "from")]
    [InlineData("{% macro x() %}{% endmacro %}", "macro")]
    [InlineData("{% if x %}{% tablerow a in lines %}{% endtablerow %}{% endif %}", "tablerow")]
    [InlineData("{% ifchanged %}x{% endifchanged %}", "ifchanged")]
    public void Should_have_no_other_tags(string body, string tag) =>
        Should
            .Throw<TemplateException>(() => _folder.Body($"first line\n{body}").Load())
            .Message.ShouldMatch($@"push\.en\.liquid:5:\d+: there is no tag '{tag}'; there are #, assign, ");

    [Theory]
    [InlineData("{% render secret %}", "A quoted string value is required for the render tag")]
    [InlineData("{% render 'line' with product %}", "a partial is given its values by name")]
    [InlineData("{% render 'line' for lines %}", "a partial is given its values by name")]
    public void Should_say_how_a_partial_is_given_its_values(string body, string reason) =>
        Should
            .Throw<TemplateException>(() => _folder.Write("_layout/line.liquid", "x").Body(body).Load())
            .Message.ShouldContain($"push.en.liquid:4:{(body.Contains("secret", StringComparison.Ordinal) ? 10 : 1)}: {reason}");

    [Theory]
    [InlineData("{{ product | shout }}", "shout", 14)]
    [InlineData("{% assign x = product | strip | shout %}", "shout", 33)]
    [InlineData("{% if x %}{% for y in z %}{{ product|shout: 1 }}{% endfor %}{% endif %}", "shout", 38)]
    [InlineData("{{ product | append: product }}", "append", 14)]
    [InlineData("{{ product | replace: 'a', product }}", "replace", 14)]
    [InlineData("{{ lines | join: product }}", "join", 12)]
    [InlineData("{{ product | json }}", "json", 14)]
    public void Should_have_no_other_filters(string body, string filter, int column) =>
        Should
            .Throw<TemplateException>(() => _folder.Body($"first line\n{body}").Load())
            .Message.ShouldStartWith(
                $"{Path.Combine(_folder.Path, "test", "push.en.liquid")}:5:{column}: there is no filter '{filter}'; there are abs, "
            );

    [Theory]
    [InlineData("{{ product | date: product }}", "the form of a date must be written in the template")]
    [InlineData("{% for x in (1..lines.size) %}{% endfor %}", "a range must be of two numbers less than 10000 apart")]
    [InlineData("{% for x in (1..100000000) %}{% endfor %}", "a range must be of two numbers less than 10000 apart")]
    public void Should_not_let_a_variable_say_how_much(string body, string reason) =>
        Should.Throw<TemplateException>(() => _folder.Body(body).Load()).Message.ShouldContain(reason);

    [Fact]
    public void Should_not_write_without_end()
    {
        var lines = string.Join(',', Enumerable.Repeat($"\"{new string('x', 1000)}\"", 1100));
        Should
            .Throw<TemplateException>(() =>
                _folder.Body("{% for line in lines %}{{ line }}{% endfor %}").Fill($$"""{ "lines": [{{lines}}] }""")
            )
            .Message.ShouldBe("test/push.en: the text is longer than 1048576 characters");
    }

    [Fact]
    public void Should_not_loop_without_end()
    {
        var lines = string.Join(',', Enumerable.Repeat(1, 101));
        Should
            .Throw<TemplateException>(() =>
                _folder.Body("{% for a in lines %}{% for b in lines %}{% endfor %}{% endfor %}").Fill($$"""{ "lines": [{{lines}}] }""")
            )
            .Message.ShouldBe("test/push.en: loops of more than 10000 rounds");
    }

    [Fact]
    public void Should_not_include_itself_without_end() =>
        Should
            .Throw<TemplateException>(() =>
                _folder.Write("_layout/loop.liquid", "{% render 'loop' %}").Html("{% render 'loop' %}").FillEmail("""{ "title": "t" }""")
            )
            .Message.ShouldBe("test/email.en: partials in partials, more than 10 deep");

    /// <summary>What is kept until the part is written counts as well.</summary>
    [Theory]
    [InlineData(
        "{% capture x %}{% for line in lines %}{{ line }}{% endfor %}{% endcapture %}",
        "the text is longer than 1048576 characters"
    )]
    [InlineData("{% for line in lines %}{% capture x %}{{ line }}{% endcapture %}{% endfor %}", "captures of more than 1048576 characters")]
    [InlineData(
        "{% capture x %}{{ lines[0] }}{% endcapture %}{% for line in lines %}{% capture x %}{{ x }}{{ x }}{% endcapture %}{% endfor %}",
        "captures of more than 1048576 characters"
    )]
    public void Should_not_keep_without_end(string body, string reason)
    {
        var lines = string.Join(',', Enumerable.Repeat($"\"{new string('x', 1000)}\"", 1100));
        Should
            .Throw<TemplateException>(() => _folder.Body(body).Fill($$"""{ "lines": [{{lines}}] }"""))
            .Message.ShouldBe($"test/push.en: {reason}");
    }

    [Theory]
    [InlineData("{% for a in (1..9999) %}{% for b in (1..9999) %}{% endfor %}{% endfor %}")]
    [InlineData("{% for a in (1..9999) %}{% for b in (1..9999) %}{% render 'line' %}{% endfor %}{% endfor %}")]
    public void Should_not_take_steps_without_end(string body) =>
        Should
            .Throw<TemplateException>(() => _folder.Write("_layout/line.liquid", "{% assign x = 1 %}").Body(body).Fill("{}"))
            .Message.ShouldBe("test/push.en: more than 1000000 steps");

    [Fact]
    public void Should_not_search_without_end()
    {
        var lines = string.Join(',', Enumerable.Range(0, 1_001).Select(number => $"\"{number}\""));
        Should
            .Throw<TemplateException>(() =>
                _folder
                    .Body("{% for line in lines %}{% if lines contains line %}x{% endif %}{% endfor %}")
                    .Fill($$"""{ "lines": [{{lines}}] }""")
            )
            .Message.ShouldBe("test/push.en: more than 1000000 steps");
    }

    [Theory]
    [InlineData("{{ 1 | divided_by: zero }}", "DivideByZeroException")]
    [InlineData("{{ large | times: large }}", "OverflowException")]
    [InlineData("{% for line in lines limit: large %}{% endfor %}", "OverflowException")]
    [InlineData("{{ 1 | modulo }}", "ParseException")]
    public void Should_say_when_a_value_is_of_no_use(string body, string kind) =>
        Should
            .Throw<TemplateException>(() =>
                _folder.Body(body).Fill("""{ "zero": 0, "large": 79228162514264337593543950335, "lines": [1] }""")
            )
            .Message.ShouldBe($"test/push.en: a filter or a tag cannot work with what it is given ({kind})");

    public void Dispose() => _folder.Dispose();
}
