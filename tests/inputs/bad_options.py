"""Options of `pytest claims` that cannot be taken, and what a user needs to be told of each."""

from __future__ import annotations

from pathlib import Path

from support.suite.options import OPTIONS
from tests.inputs.asked import Bad, bad

UNFIT = Path(__file__).parents[1] / "models" / "unfit_networks.py"
DIGITS = "9" * 400
SEEDS = "--seed must be a whole number from 0 to 9,223,372,036,854,775,807"


def _claims(line: str, says: str, *more: str) -> Bad:
    return bad("claims", line, says, *more)


EMPTY = [_claims(f"{name}=", f"{name} must not be empty") for name, option in OPTIONS.items() if "metavar" in option]
LINES = [
    _claims("", f"{name} must be one line of text", name, "a\nb") for name in ("--report", "--summary", "--baseline")
]
NUMBERS = [
    *(
        _claims("", SEEDS, f"--seed={text}")
        for text in (*("one", "-1", "+1", "1.0", "1e3", "nan", "inf", "0x10", "1_000", " 1", "1 ", "1,000"), "٣", "²")
    ),
    _claims("", SEEDS, "--seed", DIGITS),
    _claims("--seed 9223372036854775808", SEEDS),
]
WORDS = [
    *(
        _claims("", "choose quick, standard, paper", f"--scale={text}")
        for text in ("huge", "Quick", "quick ", "1", "quick,standard")
    ),
    *(
        _claims("", "choose auto, cpu, cuda or cuda:INDEX", f"--device={text}")
        for text in ("tpu", "cuda:", "cuda:-1", "cuda:01", "cuda:1.5", "cuda:²", "CPU", "gpu", "mps", "cpu:0", DIGITS)
    ),
    _claims("--device cuda:7", "device cuda:7 is not there: torch sees 0 CUDA devices"),
    _claims("--only everything", "--only must be headline or hours"),
    _claims("--only Headline", "--only must be headline or hours"),
    _claims("--fail-on better --baseline other.json", "--fail-on must be one of worse, changed, never"),
    _claims("--fail-on worse,changed --baseline other.json", "--fail-on must be one of worse, changed, never"),
]
TOGETHER = [
    _claims("--recorded --until-decided", "choose one"),
    _claims("--engine dask:tcp://127.0.0.1:9 --recorded", "choose one"),
    _claims("--engine dask:tcp://127.0.0.1:9 --calibrate", "choose one"),
    _claims("--fail-on worse", "give --baseline FILE too"),
    _claims("--fail-on never", "give --baseline FILE too"),
    _claims("--until-decided --evidence noevidence", "--until-decided goes on from earlier evidence"),
]
ENGINES = [
    *(
        _claims("", "dask:tcp://HOST:PORT", f"--engine={text}")
        for text in ("slurm", "dask:", "dask", "dask:http://a:1", "dask:tcp://a", "dask:tcp://a:port", "dask:tcp://:1")
    ),
    _claims("--engine dask:nowhere.json", "cannot read the scheduler file: No such file or directory"),
    _claims("--engine dask:folder", "cannot read the scheduler file: Is a directory"),
    _claims("--engine dask:file", "it is no scheduler file"),
    _claims("--engine dask:scheduler.json", "it is no scheduler file"),
    _claims("--engine dask:zero", "it is no scheduler file, but a device or a pipe"),
    _claims("--engine dask:pipe", "it is no scheduler file, but a device or a pipe"),
]
DATA = [
    *(
        _claims("", "--data must be a directory", f"--data={text}")
        for text in ("nowhere", "file", "null", "loop", "pipe", "nowhere-link", "own.npz", "a" * 300, "datta/mnist")
    ),
    _claims("--data datawrong", "is not the file of that name in mnist: its SHA-256 is wrong"),
    _claims("--data dataempty", "t10k-labels-idx1-ubyte is not the file of that name in mnist"),
    _claims("--data datacut", "train-labels-idx1-ubyte.gz is truncated or damaged"),
    _claims("--data databomb", "train-images-idx3-ubyte.gz unpacks to more than 40,000,000 bytes"),
    _claims("--data datasums", "data_batch_1.bin is not the file of that name in cifar-10"),
    _claims("--data dataarchive", "the archive is truncated or altered"),
    _claims("--data datajpeg", "it has no images in train/automobile"),
    _claims("--data datajpegcut", "is truncated or damaged"),
    _claims("--data datajpegbomb", "unpacks to more than 40,000,000 bytes"),
]
REPORTS = [
    _claims("--report file", "is not writable"),
    _claims("--report file/below", "is not writable (Not a directory): give another with --report DIR"),
    _claims("--report null", "is not writable"),
    _claims("--report pipe", "is not writable"),
    _claims("--report loop", "is not writable"),
    _claims("", "is not writable (File name too long)", "--report", "a" * 300),
    _claims("--report folders", "index.html is a directory"),
    _claims("--report pipes", "report.json is a device or a pipe"),
]
EVIDENCE = [
    _claims("--evidence file", "file"),
    _claims("--evidence null", "null"),
    _claims("--evidence loop", "loop"),
    _claims("--evidence evidence --evidence nowhere", "there is no evidence at "),
    _claims("--evidence evidence --evidence file", "no pack of evidence"),
    _claims("--evidence evidence --evidence text.tar.xz", "no pack of evidence"),
    _claims("--evidence evidence --evidence empty.tar.xz", "no pack of evidence"),
    _claims("--evidence evidence --evidence cutpack.tar.xz", "no pack of evidence, or cut short"),
    _claims("--evidence evidence --evidence dots.tar.xz", "no pack of evidence: it holds '../"),
    _claims("--evidence evidence --evidence absolute.tar.xz", "no pack of evidence: it holds"),
    _claims("--evidence evidence --evidence repeated.tar.xz", "twice"),
    _claims("--evidence evidence --evidence readme.tar.xz", "no pack of evidence: it holds 'README.md'"),
    _claims("--evidence evidence --evidence bomb.tar.xz", "unpacks to more than 40,000,000 bytes"),
    _claims("--evidence evidence --evidence pipe.tar.xz", "no pack of evidence, but a device or a pipe"),
    _claims("--evidence badrechecks", "rechecked.json"),
]
SUMMARIES = [
    _claims("--summary folder", "--summary folder cannot be written: Is a directory"),
    _claims("--summary nowhere/summary.md", "cannot be written: No such file or directory"),
    _claims("--summary file/summary.md", "cannot be written: Not a directory"),
    _claims("--summary loop.md", "cannot be written: Too many levels of symbolic links"),
    _claims("", "cannot be written: File name too long", "--summary", "a" * 300),
    *(_claims(f"--summary {name}", "is a device or a pipe: give a file") for name in ("null", "full", "zero", "pipe")),
    _claims("--summary report/report.json", "which the report is written to: give another file"),
    _claims("--summary report/index.html", "which the report is written to: give another file"),
    _claims("--summary other.json --baseline other.json", "is the file of --baseline, and would be written over"),
    _claims("--summary evidence/x.md", "is or lies in --evidence"),
    _claims("--summary pack.tar.xz --evidence evidence --evidence pack.tar.xz", "is or lies in --evidence"),
    _claims("--summary data/notes.txt --data data", "is or lies in --data"),
    _claims("--summary model.py --model model.py:net", "is or lies in --model"),
    _claims("--summary features.py --features features.py:good", "is or lies in --features"),
    _claims("", "is or lies in the suite's own", "--summary", "{root}/README.md"),
    _claims("", "is or lies in the suite's own", "--summary", "{root}/claims/register.toml"),
    _claims("", "is or lies in the suite's own", "--summary", "{root}/tests/new.md"),
]
NO_REPORT = ("image", "latin", "utf16", "empty", "cut", "deep")
BASELINES = [
    *(_claims(f"--baseline {name}.json", "not a complete JSON document") for name in NO_REPORT),
    _claims("--baseline nowhere.json", "cannot read the report: No such file or directory"),
    _claims("--baseline folder", "cannot read the report: Is a directory"),
    _claims("--baseline file/x", "cannot read the report: Not a directory"),
    _claims("--baseline loop", "cannot read the report: Too many levels of symbolic links"),
    *(_claims(f"--baseline {name}", "it is no file, but a device or a pipe") for name in ("null", "zero", "pipe")),
    _claims("--baseline large.json", "it has 65,000,000 bytes"),
    _claims("--baseline list.json", "expected `object`, got `array`"),
    _claims("--baseline number.json", "expected `object`, got `int`"),
    _claims("--baseline nan.json", "NaN is no number"),
    _claims("--baseline twice.json", "stands there twice"),
    _claims("--baseline digits.json", "a number of 400 digits"),
    _claims("--baseline surrogate.json", "half of a surrogate pair"),
    _claims("--baseline future.json", "the report's schema must be"),
    _claims("--baseline noclaims.json", "lacks `claims`"),
    _claims("--baseline wrongtype.json", "report.claims: expected `array`"),
    _claims("--baseline own.npz", "not a complete JSON document"),
    _claims("--baseline report/report.json", "which this run writes anew"),
    _claims("--baseline report/index.html", "which this run writes anew"),
]
SPECIFIED = ("file.py", ":net", "model.py:", "model.py:1", "model.py:a b", "net")
MODELS = [
    *(_claims("", "--model must be file.py:function", f"--model={text}") for text in SPECIFIED),
    _claims("--model nowhere.py:net", "nowhere.py"),
    _claims("--model folder.py:net", "folder.py"),
    _claims("--model broken.py:net", "broken.py"),
    _claims("--model model.py:none", "has no none"),
    _claims("--model model.py:number", "must be a function"),
    _claims("--model nowhere.module:net", "nowhere"),
    _claims("--model model.py:nothing", "must be a torch.nn.Module, got NoneType"),
    _claims("--model model.py:function", "must be a torch.nn.Module, got function"),
    _claims("--model model.py:few", "logits in training mode, got (6, 9)"),
    _claims("--model model.py:untrainable", "no parameters to train"),
    _claims("--model model.py:small", "must have torch.float32 parameters, got torch.float16"),
    _claims("--model model.py:double", "must have torch.float32 parameters, got torch.float64"),
    _claims("--model model.py:fails", "RuntimeError: no"),
    _claims("--model model.py:exits", "ends the program"),
    _claims("--model model.py:takes_none", "TypeError"),
    _claims("--model model.py:missing", "nowhere.pt"),
    _claims("--model model.py:NaN", "NaN"),
]
FEATURES = [
    *(_claims("", "--features must be file.py:function", f"--features={text}") for text in SPECIFIED),
    _claims("--features nowhere.py:f", "nowhere.py"),
    _claims("--features features.py:none", "has no none"),
    _claims("--features features.py:weights", "must be a function"),
    _claims("--features features.py:array", "must map (100, 784) inputs to (100, k) features, got ndarray"),
    _claims("--features features.py:single", "must return torch.float64, got torch.float32"),
    _claims("--features features.py:few", "at least 101 are needed"),
    _claims("--features features.py:nan", "NaN or infinite"),
    _claims("--features features.py:flat", "must map (100, 784) inputs to (100, k) features"),
    _claims("--features features.py:transposed", "must map (100, 784) inputs to (100, k) features"),
    _claims("--features features.py:random", "features of the same input change from call to call"),
    _claims("--features features.py:batch", "features of the same input change with the other inputs"),
    _claims("--features features.py:constant", "--features"),
    _claims("--features features.py:fails", "RuntimeError: no features"),
]
NOTHING = ("--recorded", "--seed", "4242", "--evidence", "noevidence")
RECORDED = [Bad("recorded", NOTHING, "nothing .* is recorded: no report is written", 5, process=True)]
OPEN = "--report open --evidence open "
UNREADABLE = [
    bad("claims", f"{OPEN} --baseline secret.json", "cannot read the report: Permission denied", nobody=True),
    bad("claims", f"{OPEN} --summary report/summary.md", "cannot be written: Permission denied", nobody=True),
    bad("claims", "--evidence open --report report", "is not writable (Permission denied)", nobody=True),
    bad("claims", "--report open --evidence evidence", "is not writable (Permission denied)", nobody=True),
    bad("claims", f"{OPEN} --model secret.py:net", "secret.py", nobody=True),
    bad("claims", f"{OPEN} --evidence secret.tar.xz", "secret.tar.xz", nobody=True),
]
ALL = [
    *(*EMPTY, *LINES, *NUMBERS, *WORDS, *TOGETHER, *ENGINES, *DATA, *REPORTS, *EVIDENCE, *SUMMARIES, *BASELINES),
    *(*MODELS, *FEATURES, *UNREADABLE, *RECORDED),
]
