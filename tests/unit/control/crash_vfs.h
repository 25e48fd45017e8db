/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SQLite's own way to the disk, with a death in it: for tests of what a crash leaves.
 */
#pragma once

/* From now on this process counts what SQLite does to files (writes, truncations, syncs,
 * deletions), and dies by SIGKILL instead of doing the n-th, from 1. */
void crash_vfs_arm(unsigned int operation);
