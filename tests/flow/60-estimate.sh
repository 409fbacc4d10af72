#!/bin/sh
# Kosovo from the table to the sentence; the result computed again; what cannot be estimated is refused.
# timeout: 300
. "$(dirname "$0")/common.sh"
estimate=$(dirname "$groundwork")/groundwork-estimate
[ -x "$estimate" ] || fail 'groundwork-estimate was not built'

cat >kosovo.csv <<'END'
EXH,ABA,OSCE,HRW,count
1,0,0,0,1131
0,1,0,0,845
1,1,0,0,177
0,0,1,0,936
1,0,1,0,228
0,1,1,0,217
1,1,1,0,181
0,0,0,1,306
1,0,0,1,106
0,1,0,1,31
1,1,0,1,18
0,0,1,1,123
1,0,1,1,42
0,1,1,1,32
1,1,1,1,27
END
"$estimate" kosovo.csv --model '[123,14,34]' --linkage 'as published' --threads 2 --json k.json --report out >said.txt
grep -qF 'Documented: 4,400 persons on 4 lists' said.txt || fail 'the documented are not told'
grep -qF 'Lowest BIC of 113 models: [123,14,34], 10,357 (profile: 8,994 to 12,110)' said.txt || fail 'not the model'
grep -qF 'deviance 9.32 on 4' said.txt || fail 'not its deviance'
grep -qF 'at least 8,614' said.txt || fail 'no lower bound'
grep -qF 'latent classes: at least 9,0' said.txt || fail 'not called a lower bound'
grep -qF 'All methods together: at least 9,0' said.txt || fail 'together they have an upper limit'
grep -qF '"code":"may-differ"' k.json || fail 'the gate is not in the result'
grep -qF 'Lists linked: as published' said.txt || fail 'the linkage is not printed'
cmp k.json out/result.json
for picture in methods-1 overlap-1 probability-1 left-out-1 strata-1; do
    python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "out/$picture.svg"
done

# The same bytes for any number of threads and any width of registers; verify computes again.
"$estimate" kosovo.csv --model '[123,14,34]' --linkage 'as published' --threads 1 --instructions plain \
    --json again.json >/dev/null
cmp k.json again.json || fail 'one thread and plain registers give another result'
expect 0 VERIFIED "$estimate" verify k.json kosovo.csv
sed 's/,1131$/,1132/' kosovo.csv >other.csv
expect 1 FAILED "$estimate" verify k.json other.csv

# So on a smaller table, which costs a fourth.
cat >three.csv <<'END'
A,B,C,count
1,0,0,400
0,1,0,300
1,1,0,60
0,0,1,200
1,0,1,40
0,1,1,30
1,1,1,8
END
"$estimate" three.csv --threads 2 --json t.json >/dev/null
for threads in 1 8; do
    "$estimate" three.csv --threads $threads --json again.json >/dev/null
    cmp t.json again.json || fail "$threads threads give another result"
done
for width in plain avx2 avx512; do
    "$estimate" three.csv --instructions $width --json again.json >/dev/null 2>said.txt ||
        { grep -q 'does not have' said.txt && continue; fail "$width"; }
    cmp t.json again.json || fail "$width gives another result"
done
# Rows in another order, one row per person or per history: the same table.
python3 - <<'END'
rows = open("three.csv").read().split()
open("turned.csv", "w").write("\n".join([rows[0]] + rows[:0:-1]) + "\n")
END
expect 0 VERIFIED "$estimate" verify t.json turned.csv
sed 's/"n":"2980.8"/"n":"2980.9"/' t.json >forged.json
cmp -s t.json forged.json && fail 'nothing was forged'
expect 1 FAILED "$estimate" verify forged.json three.csv
expect 1 'not JSON' "$estimate" verify kosovo.csv kosovo.csv
echo '{}' >empty.json
expect 1 'no result' "$estimate" verify empty.json kosovo.csv

# Refusals: exit 3, a sentence, no number.
printf 'A,B,C,count\n1,0,0,40\n0,1,0,30\n1,1,0,6\n0,0,1,20\n' >artificial.csv
expect 3 'List C shares nobody with any other list' "$estimate" artificial.csv
for model in '[12,3]' '[12,13]' '[12,23]'; do
    expect 0 'The model has no estimate on this table' \
        "$estimate" artificial.csv --override list-alone --method loglinear --model "$model"
    grep -qF 'OVERRIDDEN (list-alone)' out.txt || fail 'the override is not printed'
    grep -A1 -F "  $model: no number" out.txt >/dev/null || fail "$model has a number"
done
refused() {
    printf '%b' "$2" >bad.csv
    expect 3 "$1" "$estimate" bad.csv --json bad.json
}
refused negative 'A,B,C,count\n1,0,0,-4\n'
refused 'no whole number' 'A,B,C,count\n1,0,0,4.5\n'
refused 'above 2^31' 'A,B,C,count\n1,0,0,2147483649\n'
refused 'on no list' 'A,B,C,count\n0,0,0,9\n1,1,1,9\n'
refused 'All counts are zero' 'A,B,C,count\n1,0,0,0\n0,1,0,0\n'
refused 'Nobody is on list C' 'A,B,C,count\n1,0,0,40\n0,1,0,30\n1,1,0,6\n'
refused 'one list' 'A,count\n1,40\n'
refused 'Lists A and B hold the same persons' 'A,B,C,count\n1,1,0,40\n0,0,1,30\n1,1,1,16\n'
refused 'Nobody is on two lists' 'A,B,C,count\n1,0,0,40\n0,1,0,30\n0,0,1,6\n'
twenty=$(python3 -c 'print(",".join("L%d" % i for i in range(20)) + "\\n" + ",".join("1" * 20))')
refused 'more than 10 lists' "$twenty"
expect 3 'of events, not of persons' "$estimate" kosovo.csv --unit events
expect 3 'open population' "$estimate" kosovo.csv --population open

# A bound that shapes the answer is found out; overridden, the number comes with the override in the result.
expect 3 'the bound, not the table' "$estimate" kosovo.csv --method latent --bound 2 --json bound.json
expect 0 'OVERRIDDEN (at-bound)' "$estimate" kosovo.csv --method latent --bound 2 --override at-bound --json bound.json
grep -qF '"code":"at-bound","overridden":true' bound.json || fail 'the override is not in the result'

# On this table four chains can all settle at one of two modes and pass every gate: scouts find the other one.
cat >ned5.csv <<'END'
IO,K,P,R,Z,count
1,0,0,0,0,756
0,1,0,0,0,1299
1,1,0,0,0,1
0,0,1,0,0,4466
1,0,1,0,0,81
0,1,1,0,0,44
0,0,0,1,0,650
1,0,0,1,0,5
0,0,1,1,0,82
1,0,1,1,0,2
0,0,0,0,1,632
1,0,0,0,1,73
0,1,0,0,1,4
0,0,1,0,1,125
1,0,1,0,1,11
0,0,0,1,1,2
0,0,1,1,1,1
END
expect 3 'latent classes: no number' "$estimate" ned5.csv --method latent --threads 2
[ "$(grep -c 'of the draws' out.txt)" -eq 2 ] || { cat out.txt >&2; fail 'the two modes are not named'; }

# In Korean.
expect 0 '적어도 8,614' env LC_ALL=ko_KR.UTF-8 "$estimate" kosovo.csv --method chao

expect 0 '모든 방법을 합쳐: 적어도' "$estimate" kosovo.csv --method loglinear --lang ko
expect 2 'none of its words' "$estimate" kosovo.csv --override may-differ

# Published figures: two groups, no conflict, nothing pooled.
cat >claims.csv <<'END'
id,quantity,kind,date,scope,low,high,meaning,derived_from
coi,people held,stock,2014,four camps,80000,120000,bounds,
press,people held,stock,2014,four camps,80000,120000,,coi
earlier,people held,stock,2011,six camps,150000,200000,,
END
expect 0 'they are not in conflict' "$estimate" reconcile claims.csv --json claims.json
grep -qF '2 claims from 1 independent sources' out.txt || fail 'a repeated figure counts twice'
