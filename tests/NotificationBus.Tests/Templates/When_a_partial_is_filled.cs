using NotificationBus.Templates;

namespace NotificationBus.Tests.Templates;

public sealed class When_a_partial_is_filled : IDisposable
{
    const string Data = """
        {
          "title": "Tom & <b>", "label": "of the data", "orderId": "A-1", "product": "Silk \"scarf\"", "text": "two\nlines",
          "total": { "amount": 1590, "currency": "THB" }, "buyer": { "name": "Nok" },
          "lines": [
            { "name": "a", "price": 1, "tags": ["x", "y"] }, { "name": "b", "tags": [] },
            { "label": "of the line", "name": "<c>", "tags": ["z"] }
          ]
        }
        """;

    readonly TemplateFolder _folder = new TemplateFolder()
        .Write("_layout/say.liquid", "{{ label }}={{ value }};")
        .Write("_layout/box.liquid", "<box {{ label }}>{{ content }}</box>")
        .Write(
            "_layout/boxes.liquid",
            "{% capture inner %}{{ content }}{% render 'say', label: \"in\", value: title %}{% endcapture %}{% render 'box', label: "
                + "label, content: inner %}{{ label }}"
        )
        .Write(
            "_layout/lines.liquid",
            "<ul>{% for item in items %}<li>{{ forloop.index0 }} {{ item.name }} {{ label }}</li>{% endfor %}</ul>"
        )
        .Write("_layout/setting.liquid", "{% assign label = \"own\" %}{% capture own %}x{% endcapture %}{{ label }}")
        .Write("_layout/loop.liquid", "{% if forloop.index %}in a loop{% else %}alone{% endif %}")
        .Write(
            "_layout/deeper.liquid",
            "{{ depth }}{% assign more = depth | plus: 1 %}{% if more < 5 %}{% render 'deeper', depth: more %}{% endif %}"
        );

    [Theory]
    [InlineData(
        "{% assign sum = total | money %}{% render 'say', label: title, value: sum %}{{ label }}",
        "Tom &amp; &lt;b&gt;=THB 1,590.00;of the data"
    )]
    [InlineData(
        "{% render 'say', value: \"<i>\" %}{% render 'say', label: \"=\", value: lines[2].name %}",
        "of the data=&lt;i&gt;;&#x3D;=&lt;c&gt;;"
    )]
    [InlineData(
        "{% render 'say', label: product, value: label %}{% render \"say\", value: product %}",
        "Silk &quot;scarf&quot;=of the data;of the data=Silk &quot;scarf&quot;;"
    )]
    [InlineData(
        "{% capture content %}{{ label }}{{ title }}{% endcapture %}{% render 'box', label: \"x\", content: content %}{{ label }}",
        "<box x>of the dataTom &amp; &lt;b&gt;</box>of the data"
    )]
    [InlineData(
        "{% capture content %}{{ title }}{% endcapture %}{% render 'boxes', label: \"outer\", content: content %}",
        "<box outer>Tom &amp; &lt;b&gt;in=Tom &amp; &lt;b&gt;;</box>outer"
    )]
    [InlineData("{% for line in lines %}{% render 'say', label: forloop.index, value: line.name %}{% endfor %}", "1=a;2=b;3=&lt;c&gt;;")]
    [InlineData(
        "{% for line in lines %}{% for tag in line.tags %}{% render 'say', label: forloop.index0, value: "
            + "tag %}{% else %}none{% endfor %}{% endfor %}",
        "0=x;1=y;none0=z;"
    )]
    [InlineData(
        "{% render 'lines', items: lines %}",
        "<ul><li>0 a of the data</li><li>1 b of the data</li><li>2 &lt;c&gt; of the data</li></ul>"
    )]
    [InlineData("{% render 'setting' %}{{ label }}{% if own %}!{% endif %}", "ownof the data")]
    [InlineData("{% for line in lines %}{% render 'loop' %}{% break %}{% endfor %}", "alone")]
    [InlineData("{% render 'deeper', depth: 1 %}", "1234")]
    [InlineData("a \n {%- render 'say', label: 1, value: 2 -%} \n b", "a1=2;b")]
    [InlineData("{% render 'brand-color' %}{% render 'brand-name' %}{% render 'brand-mark' %}", "#2f6bff")]
    public void Should_see_the_data_and_what_it_is_given(string html, string text) => Html(html).ShouldBe(text);

    [Theory]
    [InlineData("{% assign value = title %}{% render 'say' %}", "value")]
    [InlineData("{% capture content %}x{% endcapture %}{% render 'box' %}", "content")]
    [InlineData("{% render 'say', label: nothing, value: title %}", "nothing")]
    [InlineData("{% for line in lines %}{% render 'say', label: line.name, value: line.price %}{% endfor %}", "lines[1].price")]
    public void Should_see_nothing_else(string html, string variable) =>
        Should.Throw<TemplateException>(() => Html(html)).Message.ShouldBe($"test/email.en: '{variable}' is missing");

    [Fact]
    public void Should_not_print_a_whole_object() =>
        Should
            .Throw<TemplateException>(() => Html("{% render 'say', label: total, value: 1 %}"))
            .Message.ShouldBe("test/email.en: 'total' is a list or an object and cannot be printed as a whole");

    [Fact]
    public void Should_take_little_memory_beside_the_text()
    {
        var templates = LiquidTemplates.Load(TemplateFolder.Shipped, TemplateFolder.Channels);
        var data = TemplateFolder.Json(Data);
        Fill(100);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Fill(100);

        // A text of 4,500 characters and what it is made from.
        ((GC.GetAllocatedBytesForCurrentThread() - before) / 100).ShouldBeLessThan(25_000);

        void Fill(int times)
        {
            for (var time = 0; time < times; time++)
                templates.Render("order-placed", TemplateFolder.Email, "en", "Malee", data);
        }
    }

    string Html(string html) => _folder.Html(html).FillEmail(Data).Html;

    public void Dispose() => _folder.Dispose();
}
