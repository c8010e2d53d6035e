"""Packages described by imsmanifest.xml: Common Cartridge 1.x and question packages in QTI 1.2, 2.x and 3.0."""
