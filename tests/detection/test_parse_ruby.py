import pytest

from apps.detection.sights import Kind
from tests.detection.reading import names, read, told

GEMFILE = """\
source "https://rubygems.example"
# gem "sinatra"
ruby "3.4.1"

gem 'rails', '~> 8.0.1'
gem "pg", ">= 1.5", "< 2.0" # the database
gem("puma", require: false)
gem "bootsnap",
    ">= 1.18",
    require: false
gem "avo", git: "https://git.example.org/avo.git", branch: "main"
gem "ledger", path: "engines/ledger"
gem "shouty", "1.0", group: :test
gem "loud", :groups => [:development, :production]
=begin
gem "hidden"
=end

group :development, :test do
  if ENV["FAST"]
    gem 'debug', platforms: %i[mri]
  end
  gem "rubocop-rails-omakase" if RUBY_VERSION
  %w[rspec-core rspec-mocks].each { |name| gem name, "3" }
end

group :production, :staging do
  gem "skylight"
end

source "https://gems.example" do
  gem "secret_sauce", "0.1#2"
end
gem "kamal"
__END__
gem "never"
"""


def test_gemfile_is_read_with_groups_quotes_and_comments():
    sights = read("Gemfile", GEMFILE)
    assert told(sights) == [
        "5 rails ~> 8.0.1 runtime",
        "6 pg >= 1.5, < 2.0 runtime",
        "7 puma runtime",
        "8 bootsnap >= 1.18 runtime",
        "11 avo runtime",
        "13 shouty 1.0 development",
        "14 loud runtime",
        "21 debug development",
        "23 rubocop-rails-omakase development",
        "24 rspec-core development",
        "24 rspec-mocks development",
        "28 skylight runtime",
        "32 secret_sauce runtime",
        "34 kamal runtime",
    ]
    assert names(sights, Kind.OWN) == ["ledger"]
    assert told(sights, Kind.RUNTIME) == ["3 ruby 3.4.1 runtime"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gem 'a', \\\n '1.2'", ["1 a 1.2 runtime"]),
        ("gem \"a\" 'b'", ["1 a runtime"]),
        ("gem 'unclosed", []),
        ("gem variable, '1'", []),
        ("gemspec", []),
        ("end\nend\ngem 'a'", ["3 a runtime"]),
        ('gem "a#b"', ["1 a#b runtime"]),
        ("gem 'a',", ["1 a runtime"]),
    ],
)
def test_gemfile_lines_of_odd_shape_are_read_as_far_as_they_go(text, expected):
    assert told(read("Gemfile", text)) == expected


GEMSPEC = """\
Gem::Specification.new do |spec|
  spec.name = "till_roll"
  spec.required_ruby_version = ">= 3.1"
  spec.add_dependency "rack", "~> 3.0", ">= 3.0.8"
  spec.add_runtime_dependency 'zeitwerk'
  # spec.add_dependency "nokogiri"
  spec.add_development_dependency("minitest", "~> 5")
end
"""


def test_gemspec_is_read_with_its_own_name():
    sights = read("till_roll.gemspec", GEMSPEC)
    assert told(sights) == [
        "4 rack ~> 3.0, >= 3.0.8 runtime",
        "5 zeitwerk runtime",
        "7 minitest ~> 5 development",
    ]
    assert names(sights, Kind.OWN) == ["till_roll"]
    assert told(sights, Kind.RUNTIME) == ["3 ruby >= 3.1 runtime"]


LOCK = """\
PATH
  remote: engines/ledger
  specs:
    ledger (0.1.0)
      rails

GEM
  remote: https://rubygems.example/
  specs:
    rack (3.1.8)
    rails (8.0.1)
      rack (>= 2.2.4)

PLATFORMS
  ruby

DEPENDENCIES
  ledger!
  rails (~> 8.0.1)

RUBY VERSION
   ruby 3.4.1p0

BUNDLED WITH
   2.6.2
"""


def test_gemfile_lock_is_direct_for_what_was_asked_for_where_no_gemfile_is():
    sights = read("Gemfile.lock", LOCK)
    assert told(sights) == ["10 rack 3.1.8 runtime ?", "11 rails 8.0.1 runtime"]
    assert names(sights, Kind.OWN) == ["ledger"]
    assert told(sights, Kind.RUNTIME) == ["22 ruby 3.4.1 runtime"]


def test_gemfile_lock_gives_versions_alone_beside_a_gemfile():
    sights = read("Gemfile.lock", LOCK, {"Gemfile": ""})
    assert told(sights) == ["10 rack 3.1.8 runtime ?", "11 rails 8.0.1 runtime ?"]
