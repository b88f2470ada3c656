"""tachyon-compute: acts on the instances of the hosts that it serves."""
