namespace NotificationBus.IntegrationTests;

/// <summary>The README and the pages of docs: short at the door, and every way on leads somewhere.</summary>
public sealed class The_pages
{
    const int LongestReadme = 8 * 1024;

    [Fact]
    public void Should_begin_with_a_short_README() => Readme.Pages[0].Length.ShouldBeLessThanOrEqualTo(LongestReadme);

    [Fact]
    public void Should_all_be_found_from_the_README() =>
        Readme
            .Pages.Skip(1)
            .Select(page => $"docs/{page.Name}")
            .Except(Readme.LinksOf(Readme.Pages[0]), StringComparer.Ordinal)
            .ShouldBeEmpty();

    [Fact]
    public void Should_lead_only_to_what_is_there()
    {
        FileInfo[] pages = [.. Readme.Pages, .. Of("SECURITY.md"), .. Of("src"), .. Of("tests")];
        pages.Length.ShouldBeGreaterThan(12);

        (from page in pages from link in Readme.LinksOf(page) where !Leads(page, link) select $"{page.FullName}: {link}").ShouldBeEmpty();
    }

    /// <summary>The pages at a place of the repository, without those of packages.</summary>
    static IEnumerable<FileInfo> Of(string place)
    {
        var path = Path.Combine(Readme.Pages[0].DirectoryName!, place);
        return File.Exists(path)
            ? [new FileInfo(path)]
            : new DirectoryInfo(path)
                .EnumerateDirectories()
                .Where(folder => folder.Name.StartsWith("NotificationBus", StringComparison.Ordinal))
                .SelectMany(folder => new[] { folder }.Concat(folder.EnumerateDirectories()))
                .SelectMany(folder => folder.EnumerateFiles("*.md"));
    }

    static bool Leads(FileInfo page, string link)
    {
        var (path, anchor) = link.Split('#', 2) is [var before, var after] ? (before, after) : (link, null);
        var target = path.Length == 0 ? page.FullName : Path.GetFullPath(path, page.DirectoryName!);
        return anchor is null ? Path.Exists(target) : File.Exists(target) && Readme.AnchorsOf(new FileInfo(target)).Contains(anchor);
    }
}
