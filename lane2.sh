#!/bin/bash
. /tmp/venv/bin/activate; cd /tmp/wt/lane; export PYTHONPATH=$PWD SYNTHEM_SHARED=/work/shared OMP_NUM_THREADS=1
B=psd=0.012,sheath=0.016; X=/tmp/x
[ -d $X/k1 ] || python -m synthem generate epfl $X/k1 --count 600 --seed 0 --workers 1 --format png --balance $B > $X/k1.log 2>&1
python $X/th/tools/judge.py --syn $X/k1 --test half > $X/k1.half0 2>&1
[ -d $X/k2 ] || python -m synthem generate epfl $X/k2 --count 600 --seed 0 --workers 1 --format png --balance $B --randomise 2 > $X/k2.log 2>&1
python $X/th/tools/judge.py --syn $X/k2 --test half > $X/k2.half0 2>&1
