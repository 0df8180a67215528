globalThis.fixtureRanges={of(a){let l=Infinity,h=-Infinity;for(const v of a)if(Number.isFinite(v)){if(v<l)l=v;if(v>h)h=v}return l<=h?[l,h]:[0,1]}};
