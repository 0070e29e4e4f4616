using NotificationBus.Templates;

namespace NotificationBus.Tests.Templates;

public sealed class When_a_variable_is_hostile : IDisposable
{
    readonly TemplateFolder _folder = new();

    [Fact]
    public void Should_be_escaped_in_html_and_nowhere_else()
    {
        var email = _folder
            .Write("_layout/line.liquid", "<b>{{label}}</b>")
            .Html("<i title=\"{{title}}\">{{title}}</i>{% render 'line', label: title %}")
            .FillEmail("""{ "title": "\"><script>alert('1')</script> & ไทย" }""");

        email.Html.ShouldNotContain("<script");
        const string Escaped = "&quot;&gt;&lt;script&gt;alert(&#x27;1&#x27;)&lt;/script&gt; &amp; ไทย";
        email.Html.ShouldBe($"<i title=\"{Escaped}\">{Escaped}</i><b>{Escaped}</b>");
        email.Subject.ShouldBe("\"><script>alert('1')</script> & ไทย");
        email.Text.ShouldBe("\"><script>alert('1')</script> & ไทย");
    }

    [Fact]
    public void Should_not_be_escaped_on_the_lock_screen() =>
        _folder.Body("{{text}}").Fill("""{ "text": "Tom & Jerry's <3" }""").ShouldBe("Tom & Jerry's <3");

    [Fact]
    public void Should_be_printed_as_it_is_when_it_looks_like_a_template() =>
        _folder.Body("{{text}}").Fill("""{ "text": "{{secret}} {% for %}", "secret": "42" }""").ShouldBe("{{secret}} {% for %}");

    [Fact]
    public void Should_be_escaped_when_a_helper_prints_it() =>
        _folder
            .Html("{{ total | money }}")
            .FillEmail("""{ "title": "t", "total": { "amount": 1, "currency": "<b>" } }""")
            .Html.ShouldBe("&lt;b&gt; 1.00");

    /// <summary>What was captured is escaped once, and stays so whatever is done with it.</summary>
    [Theory]
    [InlineData("{% capture x %}<b>{{ title }}</b>{% endcapture %}{{ x }}", "<b>&lt;i&gt;</b>")]
    [InlineData("{% capture x %}<b>{{ title }}</b>{% endcapture %}{% render 'line', label: x %}", "[<b>&lt;i&gt;</b>]")]
    [InlineData("{% capture x %}{{ title }}{% endcapture %}{{ x | strip | default: title }}", "&lt;i&gt;")]
    [InlineData("{% assign x = title %}{{ x }}{{ x | strip }}{{ '<u>' }}", "&lt;i&gt;&lt;i&gt;&lt;u&gt;")]
    [InlineData("{{ title | escape }}", "&lt;i&gt;")]
    [InlineData("{% for c in lines %}{{ c }}{% endfor %}{{ lines | first }}{{ missing | default: title }}", "&lt;i&gt;&lt;i&gt;&lt;i&gt;")]
    public void Should_be_escaped_once_whatever_way_it_takes(string html, string text) =>
        _folder
            .Write("_layout/line.liquid", "[{{ label }}]")
            .Html(html)
            .FillEmail("""{ "title": "<i>", "lines": ["<i>"] }""")
            .Html.ShouldBe(text);

    [Fact]
    public void Should_not_start_a_header() =>
        Should
            .Throw<TemplateException>(() => _folder.Html("x").FillEmail("""{ "title": "Hi\r\nBcc: everybody@example.com" }"""))
            .Message.ShouldBe("test/email.en: the subject has more than one line");

    [Theory]
    [InlineData("javascript:alert(1)")]
    [InlineData(" JavaScript:alert(1)")]
    [InlineData("data:text/html,x")]
    [InlineData("file:///etc/passwd")]
    [InlineData("/relative")]
    public void Should_not_become_a_link(string url) =>
        Should
            .Throw<TemplateException>(() => _folder.Html("<a href=\"{{ title | link }}\">x</a>").FillEmail($$"""{ "title": "{{url}}" }"""))
            .Message.ShouldBe("test/email.en: 'title' is not a web address");

    [Fact]
    public void Should_become_a_link_when_it_is_a_web_address() =>
        _folder
            .Html("<a href=\"{{ title | link }}\">x</a>")
            .FillEmail("""{ "title": "https://example.com/a?b=1&c=\"" }""")
            .Html.ShouldBe("<a href=\"https://example.com/a?b&#x3D;1&amp;c&#x3D;%22\">x</a>");

    /// <summary>The link has begun by then, with a word of the template's.</summary>
    [Theory]
    [InlineData("<a href=\"{% raw %}https://x.example/{% endraw %}{{ title }}\">x</a>", "<a href=\"https://x.example/a\">x</a>")]
    [InlineData("<a href=\"{% raw %}{{ title }}{% endraw %}\">x</a>", "<a href=\"{{ title }}\">x</a>")]
    public void Should_be_no_beginning_of_a_link_where_there_is_one_already(string html, string expected) =>
        _folder.Html(html).FillEmail("""{ "title": "a" }""").Html.ShouldBe(expected);

    [Theory]
    [InlineData("{{{title}}}", "'{{{' is Handlebars, and templates are Liquid")]
    [InlineData("{{&title}}", "'{{&' is Handlebars, and templates are Liquid")]
    [InlineData("{{ title | raw }}", "raw output is not offered")]
    [InlineData("{% assign x = title | strip | raw %}", "raw output is not offered")]
    [InlineData("{{ title | append: '<b>' }}", "there is no filter 'append'; there are abs, ")]
    [InlineData("<a href=\"{{title}}\">x</a>", "must be written {{ … | link }}")]
    [InlineData("<a href=\"{{ title | link | strip }}\">x</a>", "must be written {{ … | link }}")]
    [InlineData("<a href = '{% if title %}{{ title | link }}{% endif %}'>x</a>", "must be written {{ … | link }}")]
    [InlineData("<a href=\"{% comment %}x{% endcomment %}{{title}}\">x</a>", "must be written {{ … | link }}")]
    [InlineData("{% raw %}<a href=\"{% endraw %}{{title}}\">x</a>", "must be written {{ … | link }}")]
    [InlineData("<a href=\"{%- raw -%} {%- endraw -%}{{title}}\">x</a>", "must be written {{ … | link }}")]
    [InlineData("<img src={{title}}>", "must be written {{ … | link }}")]
    public void Should_stop_the_host_when_a_template_would_let_it_through(string html, string reason)
    {
        var message = Should.Throw<TemplateException>(() => _folder.Html($"<p>\n{html}").Load()).Message;
        message.ShouldStartWith(Path.Combine(_folder.Path, "test", "email.en.liquid") + ":7:");
        message.ShouldContain(reason);
    }

    public void Dispose() => _folder.Dispose();
}
