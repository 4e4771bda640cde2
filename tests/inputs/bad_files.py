"""Files and arguments of the smaller commands that cannot be taken, and what a user needs to be told of each."""

from __future__ import annotations

from tests.inputs.asked import bad

DIGITS = "9" * 400
DEVICES = ("null", "full", "pipe")
A_DEVICE = "a device or a pipe: give a file"

CHECKPOINT = "model.py:net weights.pt --images own.npz "
CHECKPOINTS = [
    bad("checkpoint", "model.py:net weights.pt", "must not be empty", "--images="),
    bad("checkpoint", f"{CHECKPOINT} --target 7", "--target must be one of the classes 0 to 6, got 7"),
    bad("checkpoint", f"{CHECKPOINT} --target x", "--target: must be a whole number"),
    bad("checkpoint", f"{CHECKPOINT} --seed {DIGITS}", "--seed: must be a whole number from 0 to 9"),
    bad("checkpoint", f"{CHECKPOINT} --seed=-1", "--seed: must be a whole number from 0 to 9"),
    *(bad("checkpoint", f"{CHECKPOINT} --data {name}", "--data must be a directory") for name in ("nowhere", "file")),
    *(bad("checkpoint", f"{CHECKPOINT} --json {name}", A_DEVICE) for name in DEVICES),
    bad("checkpoint", f"{CHECKPOINT} --json weights.pt", "is or lies in --weights"),
    bad("checkpoint", f"{CHECKPOINT} --json model.py", "is or lies in --model"),
    bad("checkpoint", f"{CHECKPOINT} --pattern drawn.npz --json drawn.npz", "is or lies in --pattern"),
    bad("checkpoint", f"{CHECKPOINT} --json folder", "Is a directory"),
    bad("checkpoint", f"{CHECKPOINT} --json nowhere/x", "No such file or directory"),
    *(
        bad("checkpoint", f"model.py:net {name} --images own.npz", "is no file of parameters")
        for name in (
            *("nowhere.pt", "folder", "null", "zero", "pipe", "cut.pt", "empty.pt", "pickled.pt", "own.npz"),
            "loop",
        )
    ),
    *(
        bad("checkpoint", f"model.py:net {name}.pt --images own.npz", "does not hold this network's parameters")
        for name in ("othershape", "othernames", "tensor")
    ),
    bad("checkpoint", "model.py:net nan.pt --images own.npz", "answers test images with NaN or infinities"),
    bad("checkpoint", "model.py:few weights.pt --images own.npz", "logits"),
    bad("checkpoint", "nowhere.py:net weights.pt --images own.npz", "nowhere.py"),
    *(
        bad("checkpoint", f"{CHECKPOINT} --pattern {name}", "is no pattern that python -m support.audit.pattern drew")
        for name in ("nowhere.npz", "own.npz", "cut.npz", "empty.npz", "image.npz", "pickled.npz", "folder", "null")
    ),
    bad("checkpoint", f"{CHECKPOINT} --pattern bomb.npz", "unpacks to 80,000,128 bytes"),
    bad("checkpoint", f"{CHECKPOINT} --pattern forged.npz", "holds other pixels than were drawn"),
    bad("checkpoint", f"{CHECKPOINT} --pattern othersize.npz", "was drawn for images of shape (9, 9)"),
    *(
        bad("checkpoint", f"{CHECKPOINT} --pattern {name}.npy", "is no pattern")
        for name in ("nowhere", "words", "nan", "objects", "text")
    ),
    bad("checkpoint", f"{CHECKPOINT} --pattern pattern.npy", "the pattern has shape (9, 9)"),
]
PATTERNS = [
    *(
        bad("pattern", "new.npz", "--shape must be such as 28x28", f"--shape={text}")
        for text in ("9,9", "x", "28x", "-1x3", "0x3", "٣x3", "1.5x2", f"{DIGITS}x2", "100000x100000", "nan")
    ),
    bad("pattern", "new.npz --shape 28", "the shape must be (h, w)"),
    bad("pattern", "new.npz --shape 28x28x2", "the shape must be (h, w)"),
    bad("pattern", "new.npz", "--shape must not be empty", "--shape="),
    bad("pattern", "new.npz", "required: --shape"),
    bad("pattern", "--shape 9x9", "must not be empty", ""),
    bad("pattern", "new.npy --shape 9x9", "must end in .npz"),
    *(
        bad("pattern", f"{name} --shape 9x9", "is there already")
        for name in ("own.npz", "null", "full", "pipe", "loop", "folder")
    ),
    bad("pattern", "nowhere/new.npz --shape 9x9", "cannot be written: No such file or directory"),
]
NO_REPORT = ("image", "latin", "utf16", "empty", "cut", "deep")
PAGES = [
    *(bad("page", f"{name}.json", "not a complete JSON document") for name in NO_REPORT),
    *(
        bad("page", f"{name} --output new.html", "it is no file, but a device or a pipe")
        for name in ("null", "zero", "pipe")
    ),
    bad("page", "nowhere.json", "cannot read the report: No such file or directory"),
    bad("page", "folder", "cannot read the report: Is a directory"),
    bad("page", "loop", "cannot read the report: Too many levels of symbolic links"),
    bad("page", "large.json", "it has 65,000,000 bytes"),
    bad("page", "nan.json", "NaN is no number"),
    bad("page", "twice.json", "stands there twice"),
    bad("page", "future.json", "the report's schema must be"),
    bad("page", "noclaims.json", "lacks `claims`"),
    bad("page", "", "required: report"),
    bad("page", "", "must not be empty", ""),
    *(
        bad("page", "report/report.json", f"{name} must not be empty", f"{name}=")
        for name in ("--output", "--readme", "--seeds", "--history", "--export")
    ),
    bad("page", "report/report.json", "--output must be one line of text", "--output", "a\nb"),
    bad("page", "report/report.json other.json", "several need --seeds FILE"),
    bad("page", "report/report.json other.json --seeds new.md --output new.html", "leave out --output"),
    bad("page", "report/report.json other.json --seeds new.md --readme README.md", "leave out --readme"),
    bad("page", "report/report.json --seeds new.md", "at least two seeds"),
    bad("page", "report/report.json --history new.html", "at least two reports"),
    bad("page", "report/report.json standard.json --history new.html", "of runs at one scale"),
    bad("page", "report/report.json other.json --history new.html --seeds new.md", "leave out --history"),
    bad("page", "report/report.json other.json --history other.json", "is or lies in the report"),
    bad("page", "report/report.json standard.json --seeds new.md", "reports of one scale"),
    bad("page", "report/report.json other.json --seeds other.json", "is or lies in the report"),
    *(bad("page", f"report/report.json other.json --seeds {name}", A_DEVICE) for name in DEVICES),
    *(bad("page", f"report/report.json --output {name}", A_DEVICE) for name in DEVICES),
    bad("page", "report/report.json --output report/report.json", "is or lies in the report"),
    bad("page", "report/report.json --output folder", "cannot be written: Is a directory"),
    bad("page", "report/report.json --output nowhere/x.html", "cannot be written: No such file or directory"),
    bad("page", "report/report.json --output checkout/README.md", "the suite's own"),
    bad("page", "report/report.json --export new --output new.html", "leave out --output"),
    bad("page", "report/report.json --export new --readme README.md", "leave out --readme"),
    bad("page", "report/report.json other.json --export new", "figures are exported of one report"),
    bad("page", "report/report.json other.json --export new --seeds new.md", "leave out --export"),
    bad("page", "report/report.json other.json --export new --history new.html", "leave out --export"),
    bad("page", "noclaims.json --export new", "lacks `claims`"),
    *(
        bad("page", f"report/report.json --export {name}", f"--export must be a directory, and {name} is none")
        for name in ("file", "null", "pipe", "report/report.json")
    ),
    bad("page", "report/report.json --export file/new", "cannot be written: Not a directory"),
    bad("page", "report/report.json --export checkout/support", "the suite's own"),
    bad("page", "report/report.json --export checkout/support/new", "the suite's own"),
    bad("page", "report/report.json --readme README.md --output README.md", "is or lies in --readme"),
    bad("page", "report/report.json --readme nowhere.md", "nowhere.md cannot be read: No such file or directory"),
    bad("page", "report/report.json --readme folder", "folder cannot be read: Is a directory"),
    bad("page", "report/report.json --readme plain.md", "must have <!-- verdicts: begin -->"),
    bad("page", "report/report.json --readme latin.md", "latin.md cannot be read: it is not UTF-8"),
    bad("page", "report/report.json --readme README.md", "the report has no figure 'Paper B, Figure 18"),
    *(
        bad("page", f"report/report.json --readme {name}", "it is no file, but a device or a pipe")
        for name in ("zero", "pipe")
    ),
]
NO_PACK = ("text", "empty", "cutpack", "dots", "absolute", "readme")
EVIDENCE = [
    *(
        bad("evidence", f"{name} nowhere", "there is no evidence at nowhere")
        for name in ("list", "verify", "recheck", "prove")
    ),
    *(bad("evidence", f"list {name}.tar.xz", "no pack of evidence") for name in NO_PACK),
    *(bad("evidence", f"unpack {name}.tar.xz unpacked", "no pack of evidence") for name in NO_PACK),
    bad("evidence", "list repeated.tar.xz", "twice"),
    bad("evidence", "list bomb.tar.xz", "unpacks to more than 40,000,000 bytes"),
    bad("evidence", "list pipe.tar.xz", "a device or a pipe"),
    bad("evidence", "list null", "a device or a pipe"),
    bad("evidence", "verify altered.tar.xz", "its digest does not fit its content", status=1),
    bad("evidence", "verify damaged", "its digest does not fit its content", status=1),
    bad("evidence", "unpack altered.tar.xz unpacked", "cannot be used"),
    bad("evidence", "unpack folder unpacked", "is a directory, and a pack is wanted"),
    bad("evidence", "unpack pack.tar.xz file", "file"),
    bad("evidence", "unpack pack.tar.xz linked", "is a link: nothing is written outside"),
    bad("evidence", "unpack pack.tar.xz", "required: DIRECTORY"),
    bad("evidence", "pack nowhere new.tar.xz", "there is no evidence at nowhere"),
    bad("evidence", "pack noevidence new.tar.xz", "there is no entry of evidence in noevidence"),
    bad("evidence", "pack damaged new.tar.xz", "cannot be used"),
    bad("evidence", "pack file new.tar.xz", "a directory of evidence is wanted"),
    bad("evidence", "pack evidence new.zip", "must end in .tar.xz"),
    bad("evidence", "pack evidence nowhere/new.tar.xz", "cannot be written: No such file or directory"),
    bad("evidence", "pack evidence evidence/new.tar.xz", "is or lies in the evidence"),
    bad("evidence", "pack evidence pipe.tar.xz", A_DEVICE),
    bad("evidence", "pack evidence", "must not be empty", ""),
    *(
        bad("evidence", f"export evidence --csv {name}", says)
        for name, says in {"nowhere/x.csv": "nowhere", "pipe": "pipe"}.items()
    ),
    bad("evidence", "export evidence --csv evidence/x.csv", "is or lies in the evidence"),
    bad("evidence", "export noevidence --csv new.csv", "there is no entry of evidence"),
    bad("evidence", "export evidence", "--csv must not be empty", "--csv="),
    *(
        bad("evidence", f"recheck evidence --share={text}", "must lie in (0%, 100%]")
        for text in ("0", "0%", "2", "101%", "-1%", "nan", "x", "٣%", "1e999")
    ),
    bad("evidence", "recheck evidence --at-least 0", "must be a whole number of at least 1"),
    bad("evidence", f"recheck evidence --at-least {DIGITS}", "must be a whole number of at least 1"),
    bad("evidence", f"recheck evidence --seed {DIGITS}", "must be a whole number from 0"),
    bad("evidence", "recheck evidence --seed=-1", "must be a whole number from 0"),
    *(
        bad("evidence", f"{name} evidence --data nowhere", "--data must be a directory")
        for name in ("recheck", "prove")
    ),
    *(
        bad("evidence", f"{name} evidence --device tpu", "choose auto, cpu, cuda or cuda:INDEX")
        for name in ("recheck", "prove")
    ),
    bad("evidence", "recheck evidence --device cuda:7", "torch sees 0 CUDA devices"),
    bad("evidence", "prove evidence --trials 0", "must be a whole number of at least 1"),
    bad("evidence", "recheck noevidence", "there is no trial to recheck in noevidence"),
    bad("evidence", "prune nowhere", "there is no evidence at nowhere"),
    bad("evidence", "prune pack.tar.xz", "a directory of evidence is wanted"),
    bad("evidence", "burn evidence", "invalid choice: 'burn'"),
    bad("evidence", "", "required: COMMAND"),
]
DATA = [
    bad("data", "kmnist", "must be one of mnist, fashion-mnist, cifar-10, cifar-10-jpeg, got kmnist"),
    bad("data", "mnist MNIST", "must be one of mnist, fashion-mnist, cifar-10, cifar-10-jpeg, got MNIST"),
    bad("data", "", "must not be empty", ""),
    bad("data", "mnist", "--data must not be empty", "--data="),
    *(
        bad("data", "mnist --data", "--data must be a directory", name)
        for name in ("nowhere", "file", "null", "loop", "pipe", "nowhere-link", "datta/mnist", "a" * 300)
    ),
    bad("data", "mnist --data datawrong", "its SHA-256 is wrong; replace it or remove it", status=1),
    bad("data", "mnist --data dataempty", "is not the file of that name in mnist", status=1),
    bad("data", "mnist --data datacut", "is not the file of that name in mnist", status=1),
    bad("data", "mnist --data databomb", "unpacks to more than 40,000,000 bytes", status=1),
    bad("data", "cifar-10 --data datasums", "data_batch_1.bin is not the file of that name in cifar-10", status=1),
    bad("data", "cifar-10 --data dataarchive", "the archive is truncated or altered", status=1),
    bad("data", "cifar-10-jpeg --data datajpeg", "it has no images in train/automobile", status=1),
    bad("data", "cifar-10-jpeg --data datajpegcut", "is truncated or damaged", status=1),
    bad("data", "cifar-10-jpeg --data datajpegbomb", "unpacks to more than 40,000,000 bytes", status=1),
]
LEDGERS = [
    *(bad("ledger", f"{name}.json evidence --out new", "not a complete JSON document") for name in NO_REPORT),
    bad("ledger", "nowhere.json evidence --out new", "cannot read the report: No such file or directory"),
    bad("ledger", "pipe evidence --out new", "it is no file, but a device or a pipe"),
    bad("ledger", "report/report.json nowhere --out new", "there is no evidence at nowhere"),
    bad("ledger", "report/report.json text.tar.xz --out new", "no pack of evidence"),
    bad("ledger", "report/report.json evidence --out new", "the evidence lacks"),
    bad("ledger", "report/report.json", "required: EVIDENCE"),
    *(
        bad("ledger", f"report/report.json evidence --resamples={text}", "must be a whole number of at least 1")
        for text in ("0", "-1", "x", "1.5", DIGITS)
    ),
    *(
        bad("ledger", f"report/report.json evidence --line={text}", "must be a")
        for text in ("nan", "inf", "0", "-1", "x")
    ),
    bad("ledger", "report/report.json evidence", "--out must not be empty", "--out="),
    bad("ledger", "report/report.json evidence --out nowhere/x", "cannot be written: No such file or directory"),
    bad("ledger", "report/report.json evidence --out checkout/README", "the suite's own"),
    bad("ledger", "report/report.json evidence --out evidence/x", "is or lies in the evidence"),
]
CALIBRATIONS = [
    *(
        bad("calibration", f"--streams={text} --output new.md", "--streams: must be a whole number of at least 1")
        for text in ("0", "-1", "x", "1e3", "٣", DIGITS)
    ),
    bad("calibration", f"--seed {DIGITS} --output new.md", "--seed: must be a whole number from 0"),
    bad("calibration", "", "--output must not be empty", "--output="),
    *(bad("calibration", f"--streams 1 --output {name}", A_DEVICE) for name in DEVICES),
    bad("calibration", "--streams 1 --output nowhere/x.md", "cannot be written: No such file or directory"),
    bad("calibration", "--streams 1 --output checkout/README.md", "the suite's own"),
]
UNREADABLE = [
    bad("page", "secret.json --output open/new.html", "cannot read the report: Permission denied", nobody=True),
    bad("page", "report/report.json", "cannot be written: Permission denied", nobody=True),
    bad("page", "report/report.json --export new", "cannot be written: Permission denied", nobody=True),
    bad("page", "report/report.json other.json --seeds new.md", "cannot be written: Permission denied", nobody=True),
    bad("ledger", "secret.json evidence --out open/new", "cannot read the report: Permission denied", nobody=True),
    bad("evidence", "list secret.tar.xz", "Permission denied", nobody=True),
    bad("evidence", "pack evidence new.tar.xz", "cannot be written: Permission denied", nobody=True),
    bad("evidence", "unpack pack.tar.xz unpacked", "unpacked", nobody=True),
    bad("pattern", "new.npz --shape 9x9", "cannot be written: Permission denied", nobody=True),
    bad("audit", "model.py:net --images secret.npz", "secret.npz cannot be read as arrays", nobody=True),
    bad("audit", "model.py:net --images own.npz --json new.json", "cannot be written: Permission denied", nobody=True),
    bad("checkpoint", "model.py:net secret.pt --images own.npz", "is no file of parameters", nobody=True),
]
MNIST = [
    bad("audit", "model.py:net --data datawrong", "is not the file of that name in mnist: its SHA-256 is wrong"),
    bad("audit", "model.py:net --images cifar-10 --data datasums", "data_batch_1.bin is not the file of that name"),
    bad("checkpoint", "model.py:net mnist.pt --data datawrong", "is not the file of that name in mnist"),
]
ALL = [*UNREADABLE, *MNIST, *CHECKPOINTS, *PATTERNS, *PAGES, *EVIDENCE, *DATA, *LEDGERS, *CALIBRATIONS]
