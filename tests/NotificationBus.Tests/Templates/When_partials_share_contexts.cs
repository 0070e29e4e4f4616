using System.Globalization;

using HandlebarsDotNet;

using NotificationBus.Templates;

namespace NotificationBus.Tests.Templates;

/// <summary>Beside Handlebars.Net as it comes: the contexts that are put back change neither a text nor an error.</summary>
public sealed class When_partials_share_contexts : IDisposable
{
    const string Data = """
        {
          "title": "Tom & <b>", "label": "of the data", "orderId": "A-1", "product": "Silk \"scarf\"", "text": "two\nlines", "conversationId": "C-1",
          "total": { "amount": 1590, "currency": "THB" }, "buyer": { "name": "Nok" }, "carrier": "Post", "trackingNumber": "EX1",
          "lines": [{ "name": "a", "price": 1, "tags": ["x", "y"] }, { "name": "b", "tags": [] }, { "label": "of the line", "name": "<c>", "tags": ["z"] }]
        }
        """;

    readonly TemplateFolder _folder = new TemplateFolder()
        .Write("_layout/say.hbs", "{{label}}={{value}};")
        .Write("_layout/name.hbs", "[{{name}}]")
        .Write("_layout/box.hbs", "<box {{label}}>{{> @partial-block}}</box>\n")
        .Write("_layout/optional.hbs", "({{#if @partial-block}}{{> @partial-block}}{{else}}-{{/if}})")
        .Write("_layout/boxes.hbs", "{{#> box label=\"outer\"}}{{#> box label=label}}{{> @partial-block}}{{> say label=\"in\" value=title}}{{/box}}{{label}}{{/box}}")
        .Write("_layout/twice.hbs", "{{> @partial-block}}|{{> @partial-block}}")
        .Write("_layout/above.hbs", "{{../label}}/{{../../label}}/{{@root.title}}")
        .Write("_layout/lines.hbs", "<ul>\n{{#each items}}\n  <li>{{@index}} {{name}} {{label}}</li>\n{{/each}}\n</ul>\n")
        .Write("_layout/deeper.hbs", "{{#if lines}}.{{> deeper value=title}}{{/if}}");

    public static TheoryData<string> Shipped =>
        [.. TemplateFile.Find([TemplateFolder.Shipped]).Where(file => !file.IsLayout).Select(file => $"{file.Category}/{file.Name}")];

    [Theory]
    [MemberData(nameof(Shipped))]
    public void Should_print_every_shipped_template_as_Handlebars_does(string name)
    {
        var files = TemplateFile.Find([TemplateFolder.Shipped]);
        var file = files.Single(file => name.Equals($"{file.Category}/{file.Name}", StringComparison.Ordinal));
        var channel = TemplateFolder.Channels.Single(channel => channel.Name.Equals(file.Channel, StringComparison.Ordinal));

        foreach (var section in file.SectionsFor(channel))
            Compare(files, file, section);
    }

    [Theory]
    [InlineData("{{> say label=title value=(money total)}}{{label}}")]
    [InlineData("{{> say value=\"<i>\"}}{{> say label=\"=\" value=lines.[2].name}}")]
    [InlineData("{{> say label=product value=label}}{{> say value=product}}")]
    [InlineData("{{#> box}}{{title}}{{/box}}{{#> box label=\"x\"}}{{label}} {{title}}{{/box}}{{label}}")]
    [InlineData("{{#> boxes label=title}}{{label}} {{product}}{{/boxes}}")]
    [InlineData("{{#> box label=1}}{{#> box label=2}}{{#> box}}{{label}}{{/box}}{{/box}}{{> say value=2}}{{/box}}")]
    [InlineData("{{> optional}}{{#> optional}}x{{/optional}}{{> optional label=title}}{{#> box}}{{> optional}}{{/box}}")]
    [InlineData("{{#> twice label=\"x\"}}{{#> box}}{{label}}{{/box}}{{/twice}}")]
    [InlineData("{{#each lines}}{{> name}}{{> say label=@index value=name}}{{#> box label=name}}{{@index}}{{name}}{{@last}}{{/box}}{{/each}}")]
    [InlineData("{{#each lines}}{{#> box}}{{#each tags}}{{> say label=@index value=this}}{{else}}none{{/each}}{{/box}}{{/each}}")]
    [InlineData("{{#each lines as |line number|}}{{#> box label=number}}{{> say label=number value=line.name}}{{line.name}}{{/box}}{{/each}}")]
    [InlineData("{{#with total}}{{> say label=currency value=amount}}{{#> box label=../title}}{{amount}}{{../title}}{{/box}}{{/with}}")]
    [InlineData("{{#with total as |sum|}}{{> say label=sum.currency value=sum.amount}}{{/with}}")]
    [InlineData("{{#with total as |sum|}}{{sum.amount}} {{currency}} {{this.amount}} {{../title}} {{@root.title}} {{../../title}}{{/with}}")]
    [InlineData("{{#with title as |first second|}}{{first}}{{this}}{{#if second}}2{{else}}1{{/if}}{{/with}}")]
    [InlineData("{{#with nothing}}x{{else}}{{title}}{{/with}}{{#with lines.[1].tags}}x{{else}}{{title}}{{/with}}{{#with nothing}}x{{/with}}")]
    [InlineData("{{^with nothing}}{{title}}{{else}}x{{/with}}{{^with total}}x{{else}}{{amount}}{{/with}}")]
    [InlineData("{{#with nothing}}x{{else with total}}{{amount}}{{/with}}{{#if nothing}}x{{else with total}}{{amount}}{{/if}}")]
    [InlineData("{{#with (lookup total 'amount') as |amount|}}{{amount}}{{/with}}{{#with \"<i>\"}}{{this}}{{/with}}{{#with 0}}x{{else}}0{{/with}}")]
    [InlineData("{{#each lines as |line number|}}{{#with line.tags as |tags|}}{{tags.[0]}}{{number}}{{line.name}}{{@index}}{{../name}}{{else}}{{name}}{{@index}}{{/with}}{{/each}}")]
    [InlineData("{{#with total as |a|}}{{#with ../buyer as |b|}}{{a.amount}}{{b.name}}{{../currency}}{{../../title}}{{/with}}{{#if b}}x{{/if}}{{/with}}{{#if a}}x{{/if}}")]
    [InlineData("{{#each lines as |line|}}{{#each @nothing}}{{else}}{{line.name}}{{@index}}{{name}}{{../name}}{{/each}}{{^each @nothing}}{{@key}}{{line.name}}{{/each}}{{/each}}")]
    [InlineData("{{#with total}}{{name.first}}{{/with}}")]
    [InlineData("{{> above label=\"own\"}}{{#each lines}}{{> above label=name}}{{/each}}")]
    [InlineData("{{> above}}")]
    [InlineData("{{> lines items=lines}}")]
    [InlineData("{{> name total}}{{> name buyer}}")]
    [InlineData("<p>\n  {{> box label=\"x\"}}\n  {{#> box}}\n    {{title}}\n  {{/box}}\n  {{> lines items=lines}}\n</p>")]
    [InlineData("a \n {{~> say label=1 value=2~}} \n b {{~#> box~}} c {{~/box~}} d")]
    [InlineData("{{> deeper}}")]
    [InlineData("{{> deeper value=title}}")]
    [InlineData("{{#> box}}{{> deeper}}{{/box}}")]
    [InlineData("{{> say label=nothing value=title}}")]
    [InlineData("{{> say label=title}}")]
    [InlineData("{{#> box}}{{#each lines}}{{> say label=name value=price}}{{/each}}{{/box}}")]
    [InlineData("{{#> box}}{{#> box label=name}}{{name.first}}{{/box}}{{/box}}")]
    [InlineData("{{> say label=total value=1}}")]
    [InlineData("{{> say label=1 value=(money title)}}")]
    public void Should_print_what_Handlebars_prints(string html)
    {
        _folder.Html(html);
        var files = TemplateFile.Find([_folder.Path]);
        var file = files.Single(file => !file.IsLayout);

        Compare(files, file, file.SectionsFor(TemplateFolder.Email)[^1]);
    }

    [Fact]
    public void Should_need_no_new_ones()
    {
        var templates = HandlebarsTemplates.Load(TemplateFolder.Shipped, TemplateFolder.Channels);
        var data = TemplateFolder.Json(Data);
        Fill(100);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Fill(100);

        // A text of 4,500 characters and what it is made from. With seven contexts it was 95 KB.
        ((GC.GetAllocatedBytesForCurrentThread() - before) / 100).ShouldBeLessThan(40_000);

        void Fill(int times)
        {
            for (var time = 0; time < times; time++)
                templates.Render("order-placed", TemplateFolder.Email, "en", "Malee", data);
        }
    }

    // More than once: the first fill takes contexts that are new, and the errors must put them back as well.
    static void Compare(IReadOnlyCollection<TemplateFile> files, TemplateFile file, TemplateSection section)
    {
        var part = new TemplateCompiler(files.Where(layout => layout.IsLayout)).Compile(file, section);
        var plain = Plain(section.Part.IsHtml);
        var brand = new BrandOptions();
        foreach (var (name, html) in ((string, string)[])[("brand-name", brand.NameHtml), ("brand-mark", brand.MarkHtml), ("brand-color", brand.Color)])
            plain.RegisterTemplate(name, html);
        foreach (var layout in files.Where(layout => layout.IsLayout))
            plain.RegisterTemplate(layout.Name, layout.Read().TrimEnd());

        using var source = new StringReader(section.Text);
        var template = plain.Compile(source);

        var expected = Outcome(() =>
        {
            using var text = new StringWriter();
            template(text, Variables());
            return text.ToString();
        });
        for (var time = 0; time < 20; time++)
            Outcome(() => part.Fill(Variables())).ShouldBe(expected);
    }

    static Variable Variables() => Variable.Root(TemplateFolder.Json(Data), "Malee");

    static string Outcome(Func<string> fill)
    {
        try
        {
            return fill();
        }
        catch (Exception e) when (e is TemplateException or HandlebarsException)
        {
            return $"{e.GetType().Name}: {TemplateCompiler.Reason(e)}";
        }
    }

    static IHandlebars Plain(bool escape)
    {
        var configuration = new HandlebarsConfiguration
        {
            FormatProvider = CultureInfo.InvariantCulture,
            TextEncoder = new HtmlEncoder(),
            NoEscape = !escape,
            PartialRecursionDepthLimit = 10,
        };
        configuration.FormatterProviders.Add(new VariableFormatter());
        configuration.ObjectDescriptorProviders.Add(new VariablesOnly());

        var handlebars = Handlebars.Create(configuration);
        handlebars.RegisterHelper("money", (_, arguments) => MoneyText.Of(arguments));
        handlebars.RegisterHelper("shorten", (_, arguments) => WrittenText.Shorten(arguments));
        handlebars.RegisterHelper("lineBreaks", (writer, _, arguments) => WrittenText.WriteLines(writer, arguments, escape));
        return handlebars;
    }

    public void Dispose() => _folder.Dispose();
}
