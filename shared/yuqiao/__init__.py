"""Yuqiao 渝桥: carries enterprises' financing needs to banks and follows every case until it is resolved."""

__version__ = "0.1.0"
