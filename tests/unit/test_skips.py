"""A skipped test fails where STEMSTEER_REQUIRE=all says that everything can run."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
CONFTEST = Path(__file__).resolve().parents[1] / "conftest.py"


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest(CONFTEST.read_text(encoding="utf-8"))
    pytester.makepyfile(
        test_functions="""
        import pytest

        def test_passes(): pass
        def test_weights(): pytest.skip("no weights")
        @pytest.mark.skipif(True, reason="no Chromium")
        def test_marked(): pass
        @pytest.mark.skip(reason="needs a GPU: none is visible")
        def test_gpu(): pass
        @pytest.mark.xfail(reason="known")
        def test_known(): assert False
        """,
        test_module="""
        import pytest

        pytest.importorskip("a_module_that_is_nowhere")
        """,
    )
    return pytester


def test_skips_pass_by_default(suite, monkeypatch):
    monkeypatch.delenv("STEMSTEER_REQUIRE", raising=False)
    suite.runpytest_subprocess().assert_outcomes(passed=1, skipped=4, xfailed=1)


def test_skips_fail_where_everything_is_required(suite, monkeypatch):
    monkeypatch.setenv("STEMSTEER_REQUIRE", "all")
    result = suite.runpytest_subprocess("test_functions.py")
    result.assert_outcomes(passed=1, failed=1, errors=1, skipped=1, xfailed=1)  # a marked test fails in its set-up
    result.stdout.fnmatch_lines(["*skipped although STEMSTEER_REQUIRE=all: no Chromium*"])


def test_a_skipped_module_fails_too(suite, monkeypatch):
    monkeypatch.setenv("STEMSTEER_REQUIRE", "all")
    result = suite.runpytest_subprocess("test_module.py")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*skipped although STEMSTEER_REQUIRE=all: *a_module_that_is_nowhere*"])
