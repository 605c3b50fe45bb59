import pytest

from apps.detection.sights import Kind
from tests.detection.reading import names, read, read_partly, told

MIX = """\
defmodule Till.MixProject do
  use Mix.Project

  def project do
    [app: :till, version: "0.1.0", elixir: "~> 1.17", deps: deps()]
  end

  def application, do: [mod: {Till.Application, []}]

  defp deps do
    [
      {:phoenix, "~> 1.7.14"},
      # {:gone, "~> 1.0"},
      {:ecto_sql, ">= 3.12.0 and < 4.0.0"},
      {:credo, "~> 1.7", only: [:dev, :test], runtime: false},
      {:floki, ">= 0.30.0", only: :test},
      {:tailwind, "~> 0.2", runtime: Mix.env() == :dev},
      {:dialyxir, "~> 1.4", runtime: false},
      {:heroicons,
       github: "tailwindlabs/heroicons",
       tag: "v2.1.1"},
      {:renamed, "~> 2.0", hex: :real_name},
      {:ledger, path: "../ledger"},
      {:stock, in_umbrella: true}, {:kafka_ex, "0.13", only: :prod}
    ]
  end
end
"""


def test_mix_is_read_with_only_as_a_scope():
    sights = read("mix.exs", MIX)
    assert told(sights) == [
        "12 phoenix ~> 1.7.14 runtime",
        "14 ecto_sql >= 3.12.0 and < 4.0.0 runtime",
        "15 credo ~> 1.7 development",
        "16 floki >= 0.30.0 development",
        "17 tailwind ~> 0.2 runtime",
        "18 dialyxir ~> 1.4 development",
        "19 heroicons runtime",
        "22 real_name ~> 2.0 runtime",
        "24 kafka_ex 0.13 runtime",
    ]
    assert names(sights, Kind.OWN) == ["till", "ledger", "stock"]
    assert told(sights, Kind.RUNTIME) == ["5 elixir ~> 1.17 runtime"]


def test_mix_lock_gives_versions():
    text = '%{\n  "phoenix": {:hex, :phoenix, "1.7.14", "abc", [:mix], []},\n  "forked": {:git, "https://git.example"},\n}\n'
    assert told(read("mix.lock", text)) == ["2 phoenix 1.7.14 runtime ?", "3 forked runtime ?"]


def test_rebar_is_read():
    text = """\
{erl_opts, [debug_info]}.
{deps, [
    {cowboy, "2.12.0"}, % the server
    %% {gone, "1.0"},
    jsx,
    {lager, {git, "https://git.example/lager.git", {tag, "3.9"}}}
]}.
{plugins, [rebar3_hex]}.
"""
    sights = read("rebar.config", text)
    assert told(sights) == [
        "3 cowboy runtime",
        "5 jsx runtime",
        "6 lager runtime",
        "8 rebar3_hex build",
    ]
    assert names(sights, Kind.RUNTIME) == ["erlang"]


def test_gleam_is_read():
    text = 'name = "till"\n[dependencies]\ngleam_stdlib = ">= 0.40.0"\nmine = { path = "../m" }\n[dev-dependencies]\ngleeunit = "1"\n'  # noqa: E501
    sights = read("gleam.toml", text)
    assert told(sights) == ["3 gleam_stdlib >= 0.40.0 runtime", "6 gleeunit 1 development"]
    assert names(sights, Kind.OWN) == ["till", "mine"]
    assert names(sights, Kind.RUNTIME) == ["gleam"]


@pytest.mark.parametrize("text", ["dependencies = 3\nname = []", "[dependencies]\na = 3"])
def test_gleam_of_wrong_types_is_read_without_failing(text):
    assert told(read("gleam.toml", text)) == []


def test_gleam_that_does_not_parse_is_refused():
    assert read_partly("gleam.toml", "name = ")[1] is not None
