#!/bin/sh
# toy_check.sh FOLDER RECORDS MODEL: does the state in FOLDER keep the promise of toy.c?
set -eu
state=$1
size=3000
for letter in "$state"/box/letter*; do
    [ -e "$letter" ] || continue
    number=${letter##*/letter}
    whole=$(head -c "$size" "$letter" | grep -c "^letter $number of a toy$" || true)
    # 3000 bytes are 166 whole lines and one cut short.
    if [ "$(wc -c <"$letter")" -ne "$size" ] || [ "$whole" -ne 166 ]; then
        echo "$letter is not whole"
        exit 1
    fi
done
while read -r word number; do
    if [ "$word" = kept ] && [ ! -e "$state/box/letter$number" ]; then
        echo "letter $number was promised, and is not there"
        exit 1
    fi
done <"$state/printed"
