#!/bin/sh
# From a folder of plain files: link, be told of a decision, link again; the same bytes for any number of threads; names
# against a list, and the list of next month; hostile files end in a line.
. "$(dirname "$0")/common.sh"
match=$(dirname "$groundwork")/groundwork-match
python3 "$root/bench/people.py" 3000 5 told.csv
cut -d, -f1,3- told.csv >people.csv

"$match" link people.csv --id rec_id --pairs p1.csv --clusters c1.csv --threads 1 \
    --review review.csv --report report >said
"$match" link people.csv --id rec_id --pairs p4.csv --clusters c4.csv --threads 4 >said4
cmp p1.csv p4.csv && cmp c1.csv c4.csv && cmp said said4 || fail 'threads change the bytes'
grep -q 'a wrong merge hides a victim' said && grep -q 'a wrong split invents one' said || fail 'one direction of error'
[ -s report/report.html ] && [ -s report/threshold.svg ] || fail 'no report'
grep -q '^<p>.*the model expects .* of the proposed pairs to be wrong</p>' report/report.html ||
    fail 'no sentences in the report'
python3 -c 'import sys, xml.etree.ElementTree as x; [x.parse(p) for p in sys.argv[1:]]' report/*.svg
python3 - told.csv p1.csv c1.csv <<'EOF' || fail 'too few are found'
import collections, csv, sys
truth = {r["rec_id"]: r["true_id"] for r in csv.DictReader(open(sys.argv[1]))}
same = sum(n * (n - 1) // 2 for n in collections.Counter(truth.values()).values())
pairs = [truth[r["id_a"]] == truth[r["id_b"]] for r in csv.DictReader(open(sys.argv[2]))]
assert 2 * sum(pairs) / (len(pairs) + same) > .88, (sum(pairs), len(pairs), same)
assert sorted(r["id"] for r in csv.DictReader(open(sys.argv[3]))) == sorted(truth)
EOF

# What a person says of the first pair holds in the next run.
sed -n 2p p1.csv | awk -F, 'BEGIN { print "id_a,id_b,decision" } { print $1 "," $2 ",different" }' >decisions.csv
"$match" link people.csv --id rec_id --pairs p2.csv --clusters c2.csv --decisions decisions.csv >said2
! grep -qF "$(sed -n 2p p1.csv | cut -d, -f1,2)," p2.csv || fail 'a pair called different is proposed again'
! cmp -s said said2 || fail 'another linkage has the same version'

# Records that come later join a kept linkage: the bytes of all from scratch, and none twice.
head -2501 people.csv >early.csv
(head -1 people.csv && tail -n +2502 people.csv) >late.csv
"$match" link early.csv --id rec_id --pairs p.csv --clusters c.csv --keep kept >/dev/null
cp kept kept0
"$match" add kept late.csv --id rec_id --pairs p5.csv --clusters c5.csv --review r5.csv >said5
"$match" link people.csv --id rec_id --pairs p6.csv --clusters c6.csv --review r6.csv --model kept0 --keep kept6 >said6
cmp p5.csv p6.csv && cmp c5.csv c6.csv && cmp r5.csv r6.csv && cmp said5 said6 && cmp kept kept6 ||
    fail 'added later is not linked from scratch'
expect 3 'told already' "$match" add kept late.csv --id rec_id --pairs p.csv --clusters c.csv
cmp kept kept6 || fail 'a refusal changed what is kept'
head -c 5000 kept >cut
expect 4 'no kept linkage, or damaged' "$match" add cut late.csv --id rec_id --pairs p.csv --clusters c.csv

cat >list1.csv <<'EOF'
id,name,date_of_birth
x1,Paek Tong Su,1961-04-05
x2,Ignat Moroz,
EOF
sed 's/x2,Ignat Moroz,/x2,Ignat Moroz,1954/' list1.csv >list2.csv
printf 'who\n백동수\nMoroz Ignat\nNobody\n' >queries.csv
"$match" screen queries.csv --name who --list list1.csv --out h1.csv --exhaustive >said
grep -q 'every name was compared' said && [ "$(wc -l <h1.csv)" -eq 3 ] || fail 'the two names are not found'
"$match" screen queries.csv --name who --list list2.csv --previous list1.csv --out h2.csv >said
[ "$(wc -l <h2.csv)" -eq 2 ] && grep -q 'x2' h2.csv || fail 'more or less than the difference was screened'
grep -q "$(sha256sum list2.csv | cut -c1-64)" h2.csv || fail 'the hit does not name the list'

# Nothing that is handed over makes it crash.
printf 'rec_id,given,dob\n1,\377\376,0000-00-00\n2,,\n3,a,9999\n4,"x\ny",1970\n' >odd.csv
got=0; "$match" link odd.csv --id rec_id --pairs p.csv --clusters c.csv >said 2>&1 || got=$?
[ "$got" -eq 3 ] || [ "$got" -eq 0 ] || fail "odd rows: exit $got"
printf 'a,b\n1,"x\n' >open.csv
expect 4 'never closed' "$match" link open.csv --id a --pairs p.csv --clusters c.csv
head -c 200 "$root/LICENSE" >not-a-list
expect 4 '' "$match" screen queries.csv --name who --list not-a-list --out h.csv
"$match" goods 2701 --on 2017-08-20 --direction out | grep -q 'paragraph 8' || fail 'coal'
"$match" --lang ko goods 2>&1 | grep -q . || fail 'Korean'
