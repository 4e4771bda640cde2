"""Counts of residual networks against those that torchvision documents, and depths against He et al. (2016)."""

import pytest

from support.models.residual_counts import RESNET_34, imagenet_count, is_cifar_depth


@pytest.mark.parametrize(("blocks", "documented"), [((2, 2, 2, 2), 11_689_512), (RESNET_34, 21_797_672)])
def test_counts_of_torchvision(blocks: tuple[int, ...], documented: int) -> None:
    assert imagenet_count(blocks, classes=1000) == documented


def test_a_count_for_fewer_classes_lacks_their_outputs() -> None:
    assert imagenet_count(RESNET_34, classes=10) == 21_797_672 - 990 * 513


def test_a_network_has_four_stages() -> None:
    with pytest.raises(ValueError, match=r"blocks must have 4 numbers, got \(3, 4\)"):
        imagenet_count((3, 4), classes=10)


def test_depths_of_the_networks_for_cifar() -> None:
    assert [depth for depth in range(60) if is_cifar_depth(depth)] == [8, 14, 20, 26, 32, 38, 44, 50, 56]
    assert is_cifar_depth(110)
    assert not is_cifar_depth(34)
