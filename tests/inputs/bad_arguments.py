"""Arguments of the commands that cannot be taken, and what a user needs to be told of each."""

from __future__ import annotations

from pathlib import Path

from tests.inputs.asked import STATUS, Bad, bad
from tests.models.unfit_networks import REFUSED

UNFIT = Path(__file__).parents[1] / "models" / "unfit_networks.py"
DIGITS = "9" * 400
# Wrong numbers of any kind.
LETTERS = ("x", "٣", "1 ", "nan", "inf", "1e999", DIGITS)

AUDIT = "model.py:net --images own.npz "
AUDITS = [
    *(bad("audit", AUDIT, "--seed: must be a whole number from 0 to 9", f"--seed={text}") for text in (*LETTERS, "-1")),
    *(bad("audit", AUDIT, "--trials: must be a whole number of at least 8", f"--trials={text}") for text in ("7", "x")),
    *(bad("audit", AUDIT, "--workers: must be a whole number of at least 1", f"--workers={t}") for t in ("0", "-1")),
    *(bad("audit", AUDIT, "--minutes: must be a", f"--minutes={text}") for text in (*LETTERS, "0", "-1")),
    *(bad("audit", AUDIT, "--learning-rate: must be a number", f"--learning-rate={text}") for text in LETTERS[:-1]),
    *(bad("audit", AUDIT, "--epochs: must be a whole number", f"--epochs={text}") for text in ("0", "1.5", "x")),
    bad("audit", f"{AUDIT} --batch 0", "--batch: must be a whole number of at least 1"),
    bad("audit", f"{AUDIT} --learning-rate 0", "learning_rate of the recipe must be positive"),
    bad("audit", f"{AUDIT} --weight-decay -1", "weight_decay of the recipe must be 0 or more"),
    bad("audit", f"{AUDIT} --optimizer sgd --momentum 1", "momentum must lie in [0, 1)"),
    bad("audit", f"{AUDIT} --decay 2", "decay must lie in (0, 1]"),
    bad("audit", f"{AUDIT} --milestones 3 2", "milestones must increase"),
    bad("audit", f"{AUDIT} --optimizer lbfgs", "invalid choice: 'lbfgs'"),
    bad("audit", f"{AUDIT} --target 7", "one of the classes 0 to 6, got 7"),
    bad("audit", f"{AUDIT} --target=-1", "--target: must be a whole number"),
    bad("audit", f"{AUDIT} --fail-on better", "worse"),
    bad("audit", f"{AUDIT} --device tpu", "choose auto, cpu, cuda or cuda:INDEX"),
    bad("audit", f"{AUDIT} --device cuda:7", "torch sees 0 CUDA devices"),
    *(
        bad("audit", AUDIT, "--data must be a directory", "--data", text)
        for text in ("nowhere", "file", "null", "loop")
    ),
    *(bad("audit", AUDIT, "--evidence must be a directory", "--evidence", text) for text in ("file", "null", "loop")),
    bad("audit", f"{AUDIT} --train-before own.py:f", "which is not given"),
    bad("audit", f"{AUDIT} --epochs 3 --train model.py:train_nothing", "takes no settings, got epochs"),
    bad("audit", f"{AUDIT} --train nowhere.py:train", "nowhere.py"),
    bad("audit", f"{AUDIT} --train model.py:train_fails", "ValueError: no training"),
    bad("audit", f"{AUDIT} --train model.py:train_three", "TypeError"),
    bad("audit", f"{AUDIT} --train model.py:number", "must be a function"),
    bad("audit", f"{AUDIT} --against nowhere.py:net", "nowhere.py"),
    bad("audit", f"{AUDIT} --against model.py:few", "logits"),
    bad("audit", f"{AUDIT} --unknown", "unrecognized arguments: --unknown"),
    bad("audit", "", "required: MODEL"),
    bad("audit", AUDIT, "--recipe must be one line of text", "--recipe", "a\nb"),
    *(
        bad("audit", AUDIT, f"{name} must not be empty", f"{name}=")
        for name in (
            "--images",
            "--target",
            "--json",
            "--page",
            "--summary",
            "--data",
            "--evidence",
            "--against",
            "--seed",
        )
    ),
]
OUTPUTS = [
    *(
        bad("audit", AUDIT, says, option, place)
        for option in ("--json", "--page", "--summary")
        for place, says in {
            "folder": "Is a directory",
            "nowhere/x": "No such file or directory",
            "null": "a device or a pipe: give a file",
            "full": "a device or a pipe: give a file",
            "pipe": "a device or a pipe: give a file",
            "loop": "Too many levels of symbolic links",
            "model.py": "is or lies in --model",
            "own.npz": "is or lies in --images",
            "checkout/README.md": "the suite's own",
        }.items()
    ),
    bad("audit", f"{AUDIT} --json x --page x", "--page x is the file of --json too"),
    bad("audit", f"{AUDIT} --recipe zero.toml --summary zero.toml", "is or lies in --recipe"),
    bad("audit", f"{AUDIT} --evidence evidence --json evidence/x.json", "is or lies in --evidence"),
    bad("audit", f"{AUDIT} --against broken.py:net --json broken.py", "is or lies in --against"),
]
RECIPES = [
    bad("audit", f"{AUDIT} --recipe {name}", says)
    for name, says in {
        "nowhere.toml": "recipe nowhere.toml cannot be read",
        "folder": "recipe folder cannot be read",
        "null": "no file",
        "zero": "no file",
        "pipe": "no file",
        "loop": "recipe loop cannot be read",
        "own.npz": "recipe own.npz cannot be read",
        "unknown.toml": "has no setting 'epoch'",
        "notoml.toml": "cannot be read",
        "binary.toml": "cannot be read",
        "truth.toml": "epochs of the recipe has another type: got True",
        "zero.toml": "epochs must be at least 1, got 0",
        "momentum.toml": "momentum must lie in [0, 1), got 1.5",
        "nanrate.toml": "learning_rate of the recipe must be positive, got nan",
        "text.toml": "learning_rate of the recipe must be a number",
        "optimizer.toml": "unknown optimizer 'lbfgs'",
        "milestones.toml": "milestones must increase",
    }.items()
]
NETWORKS = [
    Bad("audit", (f"{UNFIT}:{make.__name__}", "--images", "own.npz"), f"network .*{says}", STATUS["audit"])
    for make, says in REFUSED.items()
]
IMAGES = [
    bad("audit", "model.py:net --images", says, name)
    for name, says in {
        "nowhere": "images must be mnist, fashion-mnist, cifar-10, a folder",
        "cifar-100": "images must be mnist, fashion-mnist, cifar-10, a folder",
        "file": "images must be mnist, fashion-mnist, cifar-10, a folder",
        "null": "images must be mnist, fashion-mnist, cifar-10, a folder",
        "nowhere.npz": "No such file or directory",
        "nan.npz": "floats in [0, 1], got nan",
        "negative.npz": "integers from 0 to 255 or floats in [0, 1], got -1",
        "scaled.npz": "integers from 0 to 255 or floats in [0, 1]",
        "flat.npz": "(n, h, w)",
        "five.npz": "(n, h, w)",
        "channels.npz": "(n, h, w)",
        "nothing.npz": "(n, h, w)",
        "fewer.npz": "a label for each image, got 42 images and 41 labels",
        "oneclass.npz": "at least 2 classes, got 1",
        "lonely.npz": "at least 2 images, got 1 of class 9",
        "words.npz": "must hold numbers",
        "complex.npz": "must hold numbers",
        "onehot.npz": "one integer or name for each image",
        "floatlabels.npz": "one integer or name for each image",
        "objects.npz": "objects.npz",
        "unnamed.npz": "must hold the arrays images, labels",
        "testshape.npz": "must have the shape (5, 4, 3) of the others",
        "testclass.npz": "must be among the training labels, got 7",
        "cut.npz": "cannot be read as arrays",
        "damaged.npz": "cannot be read as arrays",
        "empty.npz": "cannot be read as arrays",
        "image.npz": "cannot be read as arrays",
        "pickled.npz": "cannot be read as arrays",
        "bomb.npz": "unpacks to 80,000,128 bytes, and at most 40,000,000 are read",
        "boast.npz": "cannot be read as arrays",
        "outside.npz": "must hold the arrays images, labels",
        "absolute.npz": "must hold the arrays images, labels",
        "folder": "holds no images in folders of classes",
        "flatfolder": "holds no images in folders of classes",
        "emptyclasses": "holds no images in folders of classes",
        "oneclassfolder": "at least 2 classes, got 1",
        "cutimage": "3.png cannot be read as an image",
        "textimage": "3.png cannot be read as an image",
        "hugeimage": "3.png cannot be read as an image",
        "sizes": "all images must have one size and mode",
        "own.py:none": "must return (images, labels)",
        "own.py:one": "must return (images, labels)",
        "own.py:three": "must return (images, labels)",
        "own.py:text": "must return (images, labels)",
        "own.py:fewer": "a label for each image, got 20 images and 19 labels",
        "own.py:fails": "OSError: no disk",
        "own.py:takes": "TypeError",
        "own.py:exits": "ends the program",
        "own.py:nowhere": "has no nowhere",
        "nowhere.py:images": "nowhere.py",
        "broken.py:images": "broken.py",
    }.items()
]
ALL = [*AUDITS, *OUTPUTS, *RECIPES, *NETWORKS, *IMAGES]
