"""What people changed of the options that apps declare, and each organisation's brand and domains."""
