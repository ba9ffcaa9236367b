//! Backups: what may be wrong with one, what came back of one, how old the newest is.

super::sentences! {
    NOT_A_BACKUP: "backup.not-a-backup" = "This file is no backup.", hint "A backup begins with `age-encryption.org/v1`; `lastmile backup write` makes one.";
    WRONG_PASSPHRASE: "backup.wrong-passphrase" = "This passphrase does not open the backup.", why "Another passphrase was used, or the first lines of the file are damaged.", hint "Try the passphrase again; without it nobody can open the file.";
    NEWER: "backup.newer" = "A newer version of this program wrote the backup (layout {format}, this one reads {known}).", hint "Restore it with the newer version.";
    DAMAGED: "backup.damaged" = "The backup is damaged.", hint "Take another copy of it, or an older backup. Nothing was put in place.";
    CUT: "backup.cut" = "The end of the backup is missing.", why "It was not written or copied to its end.", hint "Take another copy of it, or an older backup. Nothing was put in place.";
    PART: "backup.part" = "`{part}` could not be taken into the backup.", hint "Try again. If this comes again, check the disk with `lastmile doctor`.";
    FILE: "backup.file" = "The file could not be used.", hint "Check the room on the disk, and whether this user may write there.";
    TOO_MANY_FILES: "backup.too-many-files" = "There are more than {most} files in the data folder that are not this program's.", hint "Keep files that the plant needs elsewhere.";
    TOO_LARGE_FILE: "backup.too-large-file" = "`{part}` in the data folder is larger than {most_bytes} and not this program's.", hint "Keep it elsewhere.";
    UNDER_WAY: "backup.under-way" = "Another backup is being written.", hint "Try again when it is done.";
    NOT_A_FILE: "backup.database" = "The state of this node is in PostgreSQL, which is not in the data folder.", hint "Back it up with the tools of the database, such as `pg_dump`.";
    NOT_EMPTY: "backup.not-empty" = "There is something in this folder already.", why "A restore never overwrites anything.", hint "Name a folder that is empty or not there.";
    PASSPHRASE_SHORT: "backup.passphrase-short" = "The passphrase has {length} characters; it needs at least {least}.", why "Whoever has the file may try passphrases for as long as they like.", hint "Five words in a row are easy to keep.";
    PASSPHRASE_LONG: "backup.passphrase-long" = "The passphrase has {length} characters; at most {most} are taken.";
    RESTORED: "backup.restored" = "This edge was restored from a backup that was made at {made}. What it did and kept after that is not here.", hint "Look at modes and devices, make sure that the old box stays off, enrol line terminals again; then say that you have read this.";
    RESTORED_LOWERED: "backup.restored-lowered" = "This edge was restored from a backup that was made at {made}. What it did and kept after that is not here. Writing is off: {deployments} may go no further than asking.", hint "Look at modes and devices, make sure that the old box stays off, enrol line terminals again; then say that you have read this.";
    SHOWN: "backup.shown" = "{name} as it was {ago_ms} ago ({made}): {size_bytes} in {count} files, {history}, the record up to entry {record}; written by version {program}.";
    WITH_HISTORY: "backup.with-history" = "with history";
    WITHOUT_HISTORY: "backup.without-history" = "without history";
    LAST: "backup.last" = "The last backup was made {ago_ms} ago.";
    OLD: "backup.old" = "The last backup was made {ago_ms} ago.", hint "Take one under System, or with `lastmile backup write FILE`, and keep it on another machine.";
    NEVER: "backup.never" = "No backup was ever made.", hint "Take one under System, or with `lastmile backup write FILE`, and keep it on another machine.";
}
