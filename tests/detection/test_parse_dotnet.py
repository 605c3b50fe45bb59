import pytest

from apps.detection.sights import Kind
from tests.detection.reading import names, read, read_partly, told

CENTRAL = """\
<Project>
  <PropertyGroup>
    <EfVersion>9.0.1</EfVersion>
  </PropertyGroup>
  <ItemGroup>
    <PackageVersion Include="Npgsql.EntityFrameworkCore.PostgreSQL" Version="$(EfVersion)" />
    <PackageVersion Include="Serilog" Version="4.1.0" />
    <PackageVersion Include="Odd" Version="$(Nowhere)" />
    <GlobalPackageReference Include="StyleCop.Analyzers" Version="1.2" />
  </ItemGroup>
</Project>
"""

SHARED = "<Project><PropertyGroup><TargetFramework>net9.0</TargetFramework></PropertyGroup></Project>"

WEB = """\
<Project Sdk="Microsoft.NET.Sdk.Web">
  <Sdk Name="Aspire.AppHost.Sdk" Version="9.0.0" />
  <PropertyGroup>
    <UseWPF>true</UseWPF>
  </PropertyGroup>
  <ItemGroup>
    <!-- <PackageReference Include="Gone" Version="1" /> -->
    <PackageReference Include="Npgsql.EntityFrameworkCore.PostgreSQL" />
    <PackageReference Include="serilog" />
    <PackageReference Include="MediatR"><Version>12.4</Version></PackageReference>
    <PackageReference Include="Microsoft.EntityFrameworkCore.Design" Version="9.0" PrivateAssets="all" />
    <PackageReference Include="Overridden" VersionOverride="2.0" />
    <PackageReference Include="Odd" />
    <PackageReference Include="@(Many)" />
    <FrameworkReference Include="Microsoft.AspNetCore.App" />
    <ProjectReference Include="../Core/Core.csproj" />
  </ItemGroup>
</Project>
"""


def test_projects_take_versions_from_the_central_file():
    beside = {"Directory.Packages.props": CENTRAL, "src/Directory.Build.props": SHARED}
    sights = read("src/Web/Web.csproj", WEB, beside)
    assert told(sights) == [
        "1 Microsoft.NET.Sdk.Web runtime",
        "2 Aspire.AppHost.Sdk 9.0.0 runtime",
        "4 Microsoft.WindowsDesktop.App.WPF runtime",
        "8 Npgsql.EntityFrameworkCore.PostgreSQL 9.0.1 runtime",
        "9 serilog 4.1.0 runtime",
        "10 MediatR 12.4 runtime",
        "11 Microsoft.EntityFrameworkCore.Design 9.0 development",
        "12 Overridden 2.0 runtime",
        "13 Odd runtime",
        "15 Microsoft.AspNetCore.App runtime",
    ]
    assert names(sights, Kind.OWN) == ["Web"]
    assert told(sights, Kind.RUNTIME) == ["dotnet 9.0 runtime", "csharp runtime"]


@pytest.mark.parametrize(
    ("path", "scope", "language"),
    [
        ("src/Shop/Shop.fsproj", "runtime", "fsharp"),
        ("src/Shop.Tests/Shop.Tests.csproj", "development", "csharp"),
        ("tests/Shop/Shop.vbproj", "development", "visual-basic"),
        ("src/Latest/Latest.csproj", "runtime", "csharp"),
    ],
)
def test_projects_of_tests_are_for_development(path, scope, language):
    text = '<Project><PropertyGroup><TargetFrameworks>net8.0;net472</TargetFrameworks></PropertyGroup><ItemGroup><PackageReference Include="Bogus" Version="35"/></ItemGroup></Project>'  # noqa: E501
    sights = read(path, text)
    assert told(sights) == [f"1 Bogus 35 {scope}"]
    assert told(sights, Kind.RUNTIME) == ["1 dotnet 8.0 runtime", f"{language} runtime"]


def test_central_versions_are_direct_only_where_no_project_is_below():
    assert told(read("Directory.Packages.props", CENTRAL, {"Web/Web.csproj": WEB})) == [
        "6 Npgsql.EntityFrameworkCore.PostgreSQL 9.0.1 runtime ?",
        "7 Serilog 4.1.0 runtime ?",
        "8 Odd runtime ?",
        "9 StyleCop.Analyzers 1.2 development",
    ]
    assert "7 Serilog 4.1.0 runtime" in told(read("Directory.Packages.props", CENTRAL))
    assert "7 Serilog 4.1.0 runtime" in told(
        read("cart/Directory.Packages.props", CENTRAL, {"Web/Web.csproj": WEB})
    )


def test_shared_properties_may_reference_packages_for_all():
    text = '<Project><ItemGroup><PackageReference Include="Nerdbank.GitVersioning" Version="3.6"/></ItemGroup></Project>'  # noqa: E501
    assert told(read("Directory.Build.props", text)) == ["1 Nerdbank.GitVersioning 3.6 runtime"]


def test_projects_beside_a_central_file_that_cannot_be_read_are_read_alone():
    assert "9 serilog runtime" in told(read("Web.csproj", WEB, {"Directory.Packages.props": "<Project"}))


def test_project_that_is_no_xml_is_refused_with_the_line():
    _, error = read_partly("Web.csproj", "<Project>\n<ItemGroup>\n</Project>")
    assert error is not None
    assert error.line == 3


def test_packages_config_is_read():
    text = """\
<packages>
  <package id="Newtonsoft.Json" version="13.0.3" targetFramework="net472" />
  <package id="StyleCop" version="6" developmentDependency="true" />
  <package version="1" />
</packages>
"""
    assert told(read("Shop/packages.config", text)) == [
        "2 Newtonsoft.Json 13.0.3 runtime",
        "3 StyleCop 6 development",
    ]


def test_global_json_and_local_tools_are_read():
    sights = read("global.json", '{"sdk": {"version": "9.0.100"},\n "msbuild-sdks": {"Aspire.Sdk": "9.0"}}')
    assert told(sights) == ["2 Aspire.Sdk 9.0 build"]
    assert told(sights, Kind.RUNTIME) == ["1 dotnet 9.0.100 runtime"]
    assert read("global.json", '{"sdk": [], "msbuild-sdks": 3}') == []
    tools = '{"tools": {\n "csharpier": {"version": "0.29.2"},\n "odd": 3}}'
    assert told(read(".config/dotnet-tools.json", tools)) == [
        "2 csharpier 0.29.2 development",
        "3 odd development",
    ]


def test_paket_is_read():
    text = "source https://nuget.example\nnuget FSharp.Core ~> 9.0\n nuget Giraffe\ngroup Test\n  nuget Expecto 10.2\n"
    assert told(read("paket.dependencies", text)) == [
        "2 FSharp.Core 9.0 runtime",
        "3 Giraffe runtime",
        "5 Expecto 10.2 development",
    ]
